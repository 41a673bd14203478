"""Celery tasks of the relay (server/jobs/beat_schedule.py). Each may run twice."""

from celery import shared_task

from relay.events import partitions


@shared_task(name="relay.keep_event_partitions")
def keep_event_partitions() -> None:
    """Hourly: partitions for the days ahead, and an end to those past retention."""
    partitions.keep_event_partitions()
