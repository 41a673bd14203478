"""Celery tasks of moderation (server/jobs/beat_schedule.py). Each may run twice."""

from celery import shared_task

from moderation.desk.reports import evidence
from moderation.enforcement import suspensions


@shared_task(name="moderation.forget_old_evidence")
def forget_old_evidence() -> None:
    """Hourly: evidence of reports past its time."""
    evidence.forget_old()


@shared_task(name="moderation.lift_suspensions")
def lift_suspensions() -> None:
    """Every minute: suspensions whose end has come."""
    suspensions.lift_due()
