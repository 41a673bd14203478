"""Celery tasks of moderation (server/jobs/beat_schedule.py). Each may run twice."""

from celery import shared_task

from moderation.desk import clocks
from moderation.desk.actions import bulk
from moderation.desk.reports import evidence
from moderation.enforcement import suspensions
from moderation.enforcement.legal import evidence_exports
from moderation.labels import hiding, older_signatures, retiring


@shared_task(name="moderation.forget_old_evidence")
def forget_old_evidence() -> None:
    """Hourly: evidence of reports past its time."""
    evidence.forget_old()


@shared_task(name="moderation.export_evidence")
def export_evidence(export_id: int) -> None:
    """One attempt at one export; the sweep makes the next one."""
    evidence_exports.run(export_id)


@shared_task(name="moderation.wake_evidence_exports")
def wake_evidence_exports() -> None:
    """Every 15 seconds: exports that are due, given up, or past their time."""
    evidence_exports.sweep()


@shared_task(name="moderation.lift_suspensions")
def lift_suspensions() -> None:
    """Every minute: suspensions whose end has come."""
    suspensions.lift_due()


@shared_task(name="moderation.lift_expired_labels")
def lift_expired_labels() -> None:
    """Every minute: what labels took down that are over."""
    hiding.lift_expired()


@shared_task(name="moderation.watch_case_clocks")
def watch_case_clocks() -> None:
    """Every minute: cases that are overdue, and those that waited long enough."""
    clocks.sweep()


@shared_task(name="moderation.run_bulk_action")
def run_bulk_action(bulk_id: int) -> None:
    """A bulk action on cases; the sweep takes it up again should this worker die."""
    bulk.run(bulk_id)


@shared_task(name="moderation.wake_bulk_actions")
def wake_bulk_actions() -> None:
    """Every few seconds: bulk actions that are due."""
    bulk.sweep()


@shared_task(name="moderation.follow_label_keys")
def follow_label_keys() -> None:
    """Every minute: labelers whose key was changed, and what their older keys signed."""
    older_signatures.take_next_keys()
    older_signatures.sign_anew()


@shared_task(name="moderation.take_back_labels")
def take_back_labels() -> None:
    """Every few seconds: labels of labelers that are being retired."""
    retiring.take_back_labels()
