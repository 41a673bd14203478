"""Import jobs for large imports: a row says what to do, a worker does it, the request waits.

The CAR lies in the shared folder of `car_file`. A job is claimed by an update that must change
exactly one row, under a lease that its worker renews; one that dies leaves it to run out, and the
sweep wakes the job again. An import that ran already changes nothing when it is repeated.
"""

import threading
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from hosting import celery
from protocol.errors import XrpcError
from repos.imports import importing
from repos.imports.car_file import CarFile, folder, reopen
from repos.imports.leases import LEASE, Lease
from repos.models import ImportJob
from repos.reads.repos import RepoRef

MAX_ATTEMPTS = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.5
# Of the eight threads that a process has for transfers, so many may wait here at a time.
_MAX_WAITING = 4
_waiting = threading.BoundedSemaphore(_MAX_WAITING)
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
                lease_ends_at=timezone.now(),
            )
    except IntegrityError:
        car_file.path.unlink(missing_ok=True)
        open_job = ImportJob.objects.open().filter(repo_id=repo.id).first()
        if open_job is None or bytes(open_job.root) != car_file.root:
            raise ImportUnderWay("Another import of this account is in progress") from None
        return open_job
    wake(job.pk)
    return job


def await_outcome(job: ImportJob) -> None:
    """Return when the job is done, within settings.IMPORT_AWAIT_S.

    Raises what the import was refused for, or ImportTimeout, at once when too many wait already.
    """
    if not _waiting.acquire(blocking=False):
        raise ImportTimeout("The import is in progress: repeat the call later for its result")
    try:
        _await_decision(job)
    finally:
        _waiting.release()
    if job.state == ImportJob.State.REFUSED:
        raise XrpcError(job.refusal, name=job.refusal_name, status=job.refusal_status)


def wake(job_id: int) -> None:
    """Have a worker run the job now; without a broker, do it in this thread."""
    if settings.VALKEY_URL:
        try:
            celery.app.send_task("repos.run_import", args=(job_id,), retry=False)
        except OperationalError:
            pass
        else:
            return
    run(job_id)


def run(job_id: int) -> None:
    """Do a job that nobody else is doing. Safe to repeat and to run in two places at once."""
    job = _claim(job_id)
    if job is None:
        return
    path = folder() / job.file
    try:
        with Lease(job_id), reopen(path) as car_file:
            importing.import_repo(job.repo_id, car_file, lambda count: _note(job_id, count))
    except XrpcError as refusal:
        _refuse(job_id, refusal)
    except FileNotFoundError:
        _refuse(job_id, XrpcError("The uploaded CAR was lost: repeat the import", status=503))
    else:
        _decide(job_id, ImportJob.State.DONE)
    path.unlink(missing_ok=True)


def take_up(repo_id: int) -> None:
    """Wake a repo's import when it waits, or its worker died; one that runs goes on."""
    waiting = ImportJob.objects.open().filter(repo_id=repo_id, lease_ends_at__lte=timezone.now())
    for job_id in waiting.values_list("pk", flat=True):
        wake(job_id)


def sweep() -> None:
    """Take up jobs whose worker died, give up hopeless ones, remove files that no job names."""
    for job in ImportJob.objects.open().filter(lease_ends_at__lte=timezone.now()):
        if job.attempts >= MAX_ATTEMPTS:
            _refuse(job.pk, XrpcError("The import failed repeatedly", status=500))
        else:
            wake(job.pk)
    kept = set(ImportJob.objects.open().values_list("file", flat=True))
    before = time.time() - _STALE_FILES_AFTER.total_seconds()
    for path in folder().iterdir():
        if path.name not in kept and _changed_at(path) < before:
            path.unlink(missing_ok=True)


def _await_decision(job: ImportJob) -> None:
    deadline = time.monotonic() + settings.IMPORT_AWAIT_S
    pause_s = _FIRST_PAUSE_S
    job.refresh_from_db()
    while job.is_open:
        if time.monotonic() > deadline:
            raise ImportTimeout("The import is still in progress: repeat the call to wait for it")
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        job.refresh_from_db()


def _claim(job_id: int) -> ImportJob | None:
    now = timezone.now()
    due = ImportJob.objects.open().filter(pk=job_id, lease_ends_at__lte=now)
    state = ImportJob.State.RUNNING
    is_ours = due.update(state=state, attempts=F("attempts") + 1, lease_ends_at=now + LEASE) == 1
    return ImportJob.objects.get(pk=job_id) if is_ours else None


def _note(job_id: int, record_count: int) -> None:
    ImportJob.objects.filter(pk=job_id).update(record_count=record_count)


def _refuse(job_id: int, refusal: XrpcError) -> None:
    ImportJob.objects.filter(pk=job_id).update(
        refusal_name=refusal.name, refusal=refusal.message, refusal_status=refusal.status
    )
    _decide(job_id, ImportJob.State.REFUSED)


def _decide(job_id: int, state: ImportJob.State) -> None:
    ImportJob.objects.open().filter(pk=job_id).update(state=state, decided_at=timezone.now())


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
