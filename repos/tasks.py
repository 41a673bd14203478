"""Celery tasks of repos: periodic (server/jobs/beat_schedule.py) and large
imports.

Each may run twice.
"""

from celery import shared_task

from repos.account_transfer.archives import requests as archives
from repos.account_transfer.archives import worker as archive_worker
from repos.account_transfer.moves import copying
from repos.blobs import garbage_collection, quarantine
from repos.blobs.fetching import worker
from repos.events import crawl_requests, partitions
from repos.imports import jobs
from repos.lexicons import known, resolving
from repos.lifecycle import deletion


@shared_task(name="repos.keep_event_partitions")
def keep_event_partitions() -> None:
    """Daily: partitions for the days ahead, and an end to those past retention."""
    partitions.keep_event_partitions()


@shared_task(name="repos.ask_for_crawls")
def ask_for_crawls() -> None:
    """Every few seconds: relays that have not heard of a host's newest events."""
    crawl_requests.ask_for_crawls()


@shared_task(name="repos.remove_unused_blobs")
def remove_unused_blobs() -> None:
    """Hourly: blobs that no record has referred to for a while, and files that lost their row."""
    garbage_collection.remove_unused_blobs()


@shared_task(name="repos.remove_unknown_files")
def remove_unknown_files() -> None:
    """Hourly: files that the database never knew, in one shard of the storage."""
    garbage_collection.remove_unknown_files_in_turn()


@shared_task(name="repos.settle_blobs")
def settle_blobs() -> None:
    """Every minute: bytes that did not follow their blob into quarantine, or back."""
    quarantine.settle_blobs()


@shared_task(name="repos.run_import")
def run_import(job_id: int) -> None:
    """A large import; the sweep takes it up again should this worker die."""
    jobs.run(job_id)


@shared_task(name="repos.wake_imports")
def wake_imports() -> None:
    """Every few seconds: imports whose worker died, files that nobody needs."""
    jobs.sweep()


@shared_task(name="repos.resolve_lexicons")
def resolve_lexicons() -> None:
    """Every few seconds: lexicons that writes asked for."""
    resolving.resolve_wanted()


@shared_task(name="repos.forget_old_lexicons")
def forget_old_lexicons() -> None:
    """Daily."""
    known.forget_old()


@shared_task(name="repos.delete_repo")
def delete_repo(repo_id: int) -> None:
    """What is left of a deleted account; the sweep takes it up again should this worker die."""
    deletion.clear(repo_id)


@shared_task(name="repos.wake_repo_deletions")
def wake_repo_deletions() -> None:
    """Every few seconds: deleted accounts of which something is left."""
    deletion.queue.sweep()


@shared_task(name="repos.fetch_blobs")
def fetch_blobs(repo_id: int) -> None:
    """A minute's worth of blobs from where the account lived before."""
    worker.run(repo_id)


@shared_task(name="repos.wake_blob_fetches")
def wake_blob_fetches() -> None:
    """Every few seconds: accounts that moved in and still lack blobs."""
    worker.turns.sweep()


@shared_task(name="repos.make_archive")
def make_archive(repo_id: int) -> None:
    """All that is kept of an account, in one file; the sweep takes it up should this worker die."""
    archive_worker.run(repo_id)


@shared_task(name="repos.wake_archives")
def wake_archives() -> None:
    """Every few seconds: archives that are due, and those that have expired."""
    archives.sweep()


@shared_task(name="repos.move_in")
def move_in(repo_id: int) -> None:
    """The next step of an account that moves in; the sweep takes it up should this worker die."""
    copying.run(repo_id)


@shared_task(name="repos.wake_moves_in")
def wake_moves_in() -> None:
    """Every few seconds: moves that are due; sessions of former hosts that were kept for a day."""
    copying.sweep()
