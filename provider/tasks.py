"""Celery tasks of the provider (server/jobs/beat_schedule.py). Each may run twice."""

from celery import shared_task

from provider.api import idempotency


@shared_task(name="provider.forget_old_requests")
def forget_old_requests() -> None:
    """Hourly: idempotency keys of more than a day ago."""
    idempotency.forget_old()
