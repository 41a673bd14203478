"""The runner of long work: begun, done by a worker, stopped, found again after a crash."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from hosting.models import Host, StaffUser, Tenant
from moderation import audit
from moderation.audit import Actor
from protocol.errors import XrpcError
from provider.jobs import kinds
from provider.jobs.kinds import KINDS
from provider.jobs.work import LEASE, Later, Stopped, Work
from provider.models import Job
from provider.webhooks import events
from server.database import connection
from server.jobs import polling
from server.jobs.back_off import pause_after
from server.jobs.queue import Queue
from server.jobs.renewal import renewed

logger = structlog.stdlib.get_logger(__name__)
OPEN_MAX: Final = 20  # of a tenant, or of the platform
ATTEMPTS_MAX: Final = 20  # without getting further
KEPT_FOR: Final = timedelta(days=90)
_RENEWED_EVERY_S: Final = 15.0
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('grove.platform_jobs'))"
State = Job.State


class Underway(XrpcError):
    """409: the tenant has such a job already."""

    name = "JobUnderway"
    status = 409
    message = "Such a job is under way already."


class TooManyJobs(XrpcError):
    """429: the tenant has as many under way as it may."""

    name = "RateLimitExceeded"
    status = 429
    message = f"At most {OPEN_MAX} jobs are under way at a time."


@transaction.atomic
def begin(
    kind: str, tenant: Tenant | None, by: Actor, given: Mapping[str, Any] | None = None
) -> Job:
    """Have a worker do it, in the caller's transaction if there is one. Whether `by` may ask for it
    is the caller's to check. Raises Underway, TooManyJobs."""
    wanted = KINDS[kind]
    _one_after_the_other(tenant)
    open_jobs = Job.objects.open().filter(tenant=tenant)
    if wanted.is_alone and open_jobs.filter(kind=kind).exists():
        raise Underway
    if open_jobs.count() >= OPEN_MAX:
        raise TooManyJobs
    staff, actor = (by, "") if isinstance(by, StaffUser) else (None, by)
    job = Job.objects.create(
        kind=kind,
        tenant=tenant,
        staff=staff,
        actor=actor,
        given=dict(given or {}),
    )
    transaction.on_commit(partial(queue.wake, job.pk))
    return job


def run(job_id: int) -> None:
    """Make an attempt, when one is due. Safe to repeat and to run in two places at once."""
    job = Job.objects.select_related("tenant", "staff").claim(job_id, LEASE)
    if job is None:
        return
    kind = KINDS.get(job.kind)
    if kind is None:
        _end(job, State.FAILED, f"There is no kind of job {job.kind}.")
        return
    try:
        with renewed(job, LEASE, _RENEWED_EVERY_S):
            result = kind.run(Work(job))
    except Later as later:
        job.postpone(later.until, "", attempts=0)
    except Stopped:
        return
    except XrpcError as refusal:
        _end(job, State.FAILED, refusal.message)
    except Exception as fault:
        logger.exception("a job failed", key=job.pk, kind=job.kind)
        _try_again(job, fault)
    else:
        _end(job, State.DONE, "", result=result, step="")


queue: Final = Queue(Job, "provider.run_job", run, running_max=2, is_for_workers=True)


def is_tenants(job: Job) -> bool:
    """Whether its tenant may stop it: what the tenant began, and all that is not the provider's."""
    return job.kind in KINDS and (not kinds.is_platforms(job.kind) or is_of_tenant(job.by))


def is_of_tenant(by: Actor) -> bool:
    """Whether somebody acts for a tenant, and not for the provider."""
    if isinstance(by, StaffUser):
        return not by.is_platform_staff
    return by.startswith(audit.TENANTS_API)


def stop(job: Job) -> bool:
    """Have it left as it is; whether it was open. What is done stays done."""
    given = kinds.kept(job.kind, job.given)
    return bool(Job.objects.filter(pk=job.pk).decide(State.STOPPED, given=given))


def follow(job: Job, within_s: float = 24 * 3600.0) -> Job:
    """Wait until it is decided, for a command that a person looks at; the row as it is then."""
    for _ in polling.turns(within_s, 0.1, 2.0):
        job = Job.objects.get(pk=job.pk)
        if not job.is_open:
            break
    return job


def sweep() -> None:
    """Wake what is due, give up what got no further for so many attempts."""
    for job in Job.objects.due().filter(attempts__gte=ATTEMPTS_MAX).select_related("tenant"):
        _give_up(job)
    queue.sweep()


def forget_old() -> None:
    """Hourly: what was decided long ago."""
    Job.objects.filter(decided_at__lt=timezone.now() - KEPT_FOR).delete()


def _one_after_the_other(tenant: Tenant | None) -> None:
    """Two who begin at once, for a tenant or for the platform: the second sees the first's job."""
    if tenant is not None:
        Tenant.objects.select_for_update(no_key=True).filter(pk=tenant.pk).first()
    else:
        connection.row(_LOCK)


@transaction.atomic
def _end(job: Job, state: Job.State, error: str, **changes: Any) -> None:
    """Decide it, and tell the tenant's programs, or the provider's."""
    if job.finish(state, error, given=kinds.kept(job.kind, job.given), **changes):
        _tell(job, state, error)


@transaction.atomic
def _give_up(job: Job) -> None:
    """Decide one that nobody is at: the error of its last attempt is why."""
    given = kinds.kept(job.kind, job.given)
    hopeless = Job.objects.due().filter(pk=job.pk, attempts__gte=ATTEMPTS_MAX)
    if hopeless.decide(State.FAILED, given=given):
        _tell(job, State.FAILED, job.last_error)


def _tell(job: Job, state: Job.State, error: str) -> None:
    host = Host.objects.first_of(job.tenant)
    event = events.Event.JOB_DONE if state == State.DONE else events.Event.JOB_FAILED
    data = {"job": job.pk, "kind": job.kind, "error": error}
    if host is not None:
        events.tell(host, event, data)
    else:
        events.tell_without_host(job.tenant, event, data)


def _try_again(job: Job, fault: Exception) -> None:
    """An error's own words may hold what its reader is not to know."""
    said = f"It broke off ({type(fault).__name__}) and is tried again."
    pause = pause_after(job.attempts, _FIRST_PAUSE, _LONGEST_PAUSE)
    job.postpone(timezone.now() + pause, said)
