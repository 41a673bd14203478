"""Periodic work of this room (listed in hosting/periodic.py). Each may run twice."""

from celery import shared_task

from repos import partitions, sweeping


@shared_task(name="repos.keep_event_partitions")
def keep_event_partitions() -> None:
    """Daily: partitions for the days ahead, and an end to those past retention."""
    partitions.keep_event_partitions()


@shared_task(name="repos.sweep_blobs")
def sweep_blobs() -> None:
    """Hourly: blobs that no record has referred to for a while."""
    sweeping.sweep_blobs()


@shared_task(name="repos.sweep_files")
def sweep_files() -> None:
    """Daily: files of blobs that no row knows."""
    sweeping.sweep_files()
