"""Celery tasks of the provider (server/jobs/beat_schedule.py). Each may run twice."""

from celery import shared_task

from provider.api import idempotency
from provider.webhooks import deliveries


@shared_task(name="provider.forget_old")
def forget_old() -> None:
    """Hourly: idempotency keys of a day ago, deliveries of a month ago."""
    idempotency.forget_old()
    deliveries.forget_old()


@shared_task(name="provider.deliver_webhook")
def deliver_webhook(delivery_id: int) -> None:
    """One event to one address, one attempt; the sweep makes the next one."""
    deliveries.deliver(delivery_id)


@shared_task(name="provider.wake_webhooks")
def wake_webhooks() -> None:
    """Every few seconds: deliveries whose next attempt is due."""
    deliveries.queue.sweep()
