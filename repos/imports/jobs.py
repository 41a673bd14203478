"""Import jobs for large imports: a row says what to do, a worker does it, the request waits.

The CAR lies in the shared folder of `car_file`. A worker renews its lease while it works; one that
dies lets it run out, and the sweep wakes the job again. An import that ran already changes nothing
when it is repeated.
"""

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from hosting.tenancy import suspension
from protocol.errors import XrpcError
from repos.imports import importing
from repos.imports.car_file import CarFile, folder, reopen
from repos.models import ImportJob, Repo
from repos.reads.repos import RepoRef
from server.jobs import polling
from server.jobs.queue import Queue
from server.jobs.renewal import renewed

MAX_ATTEMPTS = 5
LEASE = timedelta(seconds=20)
_RENEWED_EVERY_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.5
# Of the eight threads that a process has for transfers, so many may wait here at a time.
_MAX_WAITING = 4
WAITING = threading.BoundedSemaphore(_MAX_WAITING)
_STALE_FILES_AFTER = timedelta(hours=24)


class ImportUnderWay(XrpcError):
    """409: another import of this account has not ended yet."""

    name = "ImportUnderWay"
    status = 409


class ImportTimeout(XrpcError):
    """504: the import goes on; whoever repeats the call waits for the same one."""

    name = "UpstreamTimeout"
    status = 504


def enqueue(repo: RepoRef, car_file: CarFile) -> ImportJob:
    """Write a CAR down as work for a worker; the same CAR again joins the job that is open.

    The file belongs to the job from here on. Raises ImportUnderWay.
    """
    try:
        with transaction.atomic():
            job = ImportJob.objects.create(
                repo_id=repo.id,
                root=car_file.root,
                file=car_file.path.name,
            )
    except IntegrityError:
        car_file.path.unlink(missing_ok=True)
        open_job = ImportJob.objects.open().filter(repo_id=repo.id).first()
        if open_job is None or bytes(open_job.root) != car_file.root:
            raise ImportUnderWay("Another import of this account is in progress") from None
        return open_job
    queue.wake(job.pk)
    return job


def await_outcome(job: ImportJob) -> None:
    """Return when the job is done, within settings.IMPORT_AWAIT_S.

    Raises what the import was refused for, or ImportTimeout, at once when too many wait already.
    """
    if not WAITING.acquire(blocking=False):
        raise ImportTimeout("The import is in progress: repeat the call later for its result")
    try:
        _await_decision(job)
    finally:
        WAITING.release()
    if job.state == ImportJob.State.REFUSED:
        raise XrpcError(job.last_error, name=job.refusal_name, status=job.refusal_status)


def run(job_id: int) -> None:
    """Do a job that nobody else is doing. Safe to repeat and to run in two places at once."""
    job = ImportJob.objects.claim(job_id, LEASE)
    if job is None:
        return
    host_id = Repo.objects.filter(pk=job.repo_id).values_list("host_id", flat=True).first()
    if host_id is not None and suspension.is_put_off(job, host_id, job.attempts - 1):
        return
    path = folder() / job.file
    try:
        with renewed(job, LEASE, _RENEWED_EVERY_S), reopen(path) as car_file:
            importing.import_repo(job.repo_id, car_file, lambda count: _note(job_id, count))
    except XrpcError as refusal:
        job.finish(ImportJob.State.REFUSED, **_told(refusal))
    except FileNotFoundError:
        lost = XrpcError("The uploaded CAR was lost: repeat the import", status=503)
        job.finish(ImportJob.State.REFUSED, **_told(lost))
    else:
        job.finish(ImportJob.State.DONE)
    if not ImportJob.objects.open().filter(pk=job_id).exists():
        path.unlink(missing_ok=True)


queue: Final = Queue(ImportJob, "repos.run_import", run)


def take_up(repo_id: int) -> None:
    """Wake a repo's import when it waits, or its worker died; one that runs goes on."""
    waiting = ImportJob.objects.due().filter(repo_id=repo_id)
    for job_id in list(waiting.values_list("pk", flat=True)):
        queue.wake(job_id)


def sweep() -> None:
    """Take up jobs whose worker died, give up hopeless ones, remove files that no job names."""
    hopeless = ImportJob.objects.due().filter(attempts__gte=MAX_ATTEMPTS)
    failed = XrpcError("The import failed repeatedly", status=500)
    hopeless.decide(ImportJob.State.REFUSED, **_told(failed))
    queue.sweep()
    kept = set(ImportJob.objects.open().values_list("file", flat=True))
    before = time.time() - _STALE_FILES_AFTER.total_seconds()
    for path in folder().iterdir():
        if path.name not in kept and _changed_at(path) < before:
            path.unlink(missing_ok=True)


def _await_decision(job: ImportJob) -> None:
    for _ in polling.turns(settings.IMPORT_AWAIT_S, _FIRST_PAUSE_S, _LONGEST_PAUSE_S):
        job.refresh_from_db()
        if not job.is_open:
            return
    raise ImportTimeout("The import is still in progress: repeat the call to wait for it")


def _note(job_id: int, record_count: int) -> None:
    ImportJob.objects.filter(pk=job_id).update(record_count=record_count)


def _told(refusal: XrpcError) -> dict[str, Any]:
    """The fields by which whoever waits is told."""
    return {
        "last_error": refusal.message,
        "refusal_name": refusal.name,
        "refusal_status": refusal.status,
    }


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
