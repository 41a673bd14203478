"""Receives com.atproto.repo.importRepo: a body comes in, the repo is what it says or a
refusal.

Small CARs are imported by the thread that received them; large ones are a job of a worker that
this thread waits for.
"""

from collections.abc import Iterable
from contextlib import closing

from django.conf import settings

from protocol.errors import InvalidRequest
from repos.imports import car_file, importing, jobs
from repos.imports.car_file import CarFile
from repos.models import ImportJob
from repos.reads.repos import RepoRef

LARGE_BYTES = 20_000_000
LARGE_BLOCKS = 25_000  # 20,000 records and their nodes


class ImportsRefused(InvalidRequest):
    """400: this server takes no imports at all."""

    message = "Service is not accepting repo imports"


def import_car(repo: RepoRef, chunks: Iterable[bytes]) -> None:
    """Receive a CAR of any size and make the repo what it holds.

    Raises ImportsRefused, the errors of `importing.import_repo`, ImportUnderWay and ImportTimeout.
    """
    if not settings.IMPORTS:
        raise ImportsRefused
    with closing(car_file.receive(chunks)) as received:
        job = None
        try:
            importing.check_owner(received, repo.did)
            if is_large(received):
                job = jobs.enqueue(repo, received)
            elif not importing.import_first(repo.id, received):
                importing.import_repo(repo.id, received, importing.ignore_progress)
        finally:
            if job is None:
                received.path.unlink(missing_ok=True)
    if job is not None:
        jobs.await_outcome(job)


def enqueue_car(repo: RepoRef, chunks: Iterable[bytes]) -> ImportJob:
    """Receive a CAR for whoever does not wait: a worker makes the repo what it holds.

    Raises UnreadableCar, ForeignRepo, InsufficientStorage, ImportUnderWay.
    """
    with closing(car_file.receive(chunks)) as received:
        try:
            importing.check_owner(received, repo.did)
        except BaseException:
            received.path.unlink(missing_ok=True)
            raise
        return jobs.enqueue(repo, received)


def is_large(received: CarFile) -> bool:
    """Whether an import would keep a web process busy for longer than a second or so."""
    return received.size_bytes > LARGE_BYTES or len(received) > LARGE_BLOCKS
