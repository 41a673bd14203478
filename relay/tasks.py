"""Celery tasks of the relay (server/jobs/beat_schedule.py). Each may run twice."""

from celery import shared_task
from django.conf import settings

from relay.directory import backfill, hearing
from relay.events import partitions
from relay.hosts import alerts, departures


@shared_task(name="relay.keep_event_partitions")
def keep_event_partitions() -> None:
    """Hourly: partitions for the days ahead, and an end to those past retention."""
    partitions.keep_event_partitions()


@shared_task(name="relay.hear_collections")
def hear_collections() -> None:
    """Every 5 seconds: which outside repos wrote to which collections."""
    while settings.RELAY_HOST and hearing.hear() == hearing.BATCH:
        pass


@shared_task(name="relay.ask_for_collections")
def ask_for_collections() -> None:
    """Every 15 seconds: the hosts of new outside accounts, what their repos have."""
    if settings.RELAY_HOST:
        hearing.ask_hosts()


@shared_task(name="relay.read_repos")
def read_repos() -> None:
    """Every 15 seconds: repos whose hosts do not say what collections they have."""
    if settings.RELAY_HOST:
        backfill.read_repos()


@shared_task(name="relay.watch_hosts")
def watch_hosts() -> None:
    """Every minute: which hosts are ours no more, and what the platform's staff should know of
    outside ones."""
    if settings.RELAY_HOST:
        departures.release()
        alerts.watch()
