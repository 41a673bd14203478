"""Exports and imports of tenants as jobs, for whoever cannot wait beside a command.

A worker that is killed leaves an export to be gone on with, and an import that was never there.
What was done before the job could say so is noted in its row, in the transaction that did it, and
is not done again. Passphrases and private keys wait wrapped, and go when the job is decided.
"""

from contextlib import suppress
from datetime import timedelta
from typing import IO, Any, Final, cast

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting import limits
from hosting.limits import DAY_S, Budget, Charge, bucket
from hosting.models import Host, Tenant
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from protocol.errors import XrpcError
from provider.errors import InUse, NameTaken
from provider.jobs import kinds, running
from provider.jobs.work import Stopped, Work
from provider.models import Job
from provider.tenancy import suspensions, tenant_log
from provider.tenant_archive import exporting, kept_files, keys
from provider.tenant_archive.exporting import Progress, Receiver
from provider.tenant_archive.importing import import_tenant
from provider.tenant_archive.kept_files import KeptArchive
from provider.tenant_archive.writing import BeingWritten
from repos.account_transfer import under_way
from server.encryption import keyring

EXPORT: Final = "tenant.export"
IMPORT: Final = "tenant.import"
EXPORTS: Final = bucket("tenant-exports", Budget(10, DAY_S))  # of a tenant, by its own people
KEPT_MOST: Final = 2  # archives of a tenant
_SECRETS: Final = frozenset({"passphrase", "private_key"})
_AGAIN_S: Final = 10.0


def begin_export(
    tenant: Tenant,
    by: Actor,
    receiver: Receiver,
    *,
    is_backup: bool = False,
    leaves_holds: bool = False,
) -> Job:
    """Have a worker write a tenant's archive; the job's result names it. Raises InvalidRequest for
    an unfit receiver, NotSuspended, HeldAccounts, RateLimitExceeded, and what `running.begin`
    does."""
    exporting.check_ready(tenant, is_backup=is_backup, leaves_holds=leaves_holds)
    keys.check(receiver.passphrase, receiver.public_key)
    if settings.RATE_LIMITS and running.is_of_tenant(by):
        limits.spend_charges(None, [Charge(EXPORTS, (str(tenant.pk),))])
    given = {
        "archive": kept_files.new_id(),
        "passphrase": _wrapped(receiver.passphrase),
        "public_key": receiver.public_key,
        "is_backup": is_backup,
        "leaves_holds": leaves_holds,
    }
    return running.begin(EXPORT, tenant, by, given)


def begin_import(
    by: Actor,
    archive_id: str,
    *,
    passphrase: str = "",
    private_key: str = "",
    is_dry_run: bool = False,
) -> Job:
    """Have a worker make the tenant of an archive that is kept here, or look what is in the way
    (`is_dry_run`). Raises NoSuchThing, BrokenArchive, and what `running.begin` does."""
    kept_files.find(archive_id)
    given = {
        "archive": archive_id,
        "passphrase": _wrapped(passphrase),
        "private_key": _wrapped(private_key),
        "is_dry_run": is_dry_run,
    }
    return running.begin(IMPORT, None, by, given)


def exports_of(tenant_id: int) -> QuerySet[Job]:
    """A tenant's exports, the newest first."""
    found: QuerySet[Job] = Job.objects.filter(tenant_id=tenant_id, kind=EXPORT)
    return found.order_by("-pk")


def made_for(archive_id: str, tenant_id: int | None = None) -> Tenant | None:
    """The tenant, or whether it is that one, whose export made an archive; None for one that was
    received. What an archive says of itself is not asked."""
    exports = Job.objects.filter(kind=EXPORT, result__archive=archive_id)
    found = exports if tenant_id is None else exports.filter(tenant_id=tenant_id)
    job = found.select_related("tenant").first()
    return job.tenant if job is not None else None


def archives_of(tenant_id: int) -> list[KeptArchive]:
    """Those that a tenant's exports made and that are still kept, the newest first."""
    found = []
    for job in exports_of(tenant_id).filter(state=Job.State.DONE)[:KEPT_MOST]:
        with suppress(XrpcError):
            found.append(kept_files.find(archive_of(job)))
    return found


def note(by: Actor, tenant: Tenant | None, archive_id: str, what: str) -> None:
    """Put on the record what somebody did with an archive: at its tenant's, or at the platform's
    for one that was received."""
    host = Host.objects.first_of(tenant) if tenant is not None else None
    said = f"archive {archive_id} {what}"
    if host is not None:
        audit.record_at_host(by, host, AuditEntry.Action.ACCOUNTS_EXPORT, said)
    else:
        tenant_log.note_of_platform(by, "archives", said)


def receive(by: Actor, file: IO[bytes]) -> KeptArchive:
    """Keep an archive of another server; on the record. Raises BrokenArchive,
    InsufficientStorage."""
    archive = kept_files.take(file)
    note(by, None, archive.id, "received")
    return archive


def imports() -> QuerySet[Job]:
    """All imports, the newest first."""
    found: QuerySet[Job] = Job.objects.filter(kind=IMPORT)
    return found.order_by("-pk")


def archive_of(job: Job) -> str:
    """The id of the archive that an export made; "" until it is done."""
    return str((job.result or {}).get("archive", ""))


def export(work: Work) -> dict[str, Any]:
    """Write the archive: `{"archive": "...", "accounts": 50, ...}`."""
    if "counts" in work.place:
        return _exported(work, work.place["counts"])
    tenant = Tenant.objects.get(pk=cast("int", work.job.tenant_id))
    suspensions.await_last_write(work, tenant)
    if tenant.suspended_at is not None and under_way.is_any(tenant):
        work.pause(_AGAIN_S)
    receiver = Receiver(_unwrapped(work, "passphrase"), work.given["public_key"])
    path = kept_files.path_of(work.given["archive"])

    def written(count: int, total: int) -> None:
        work.advance(count, total, step="accounts")
        if tenant.suspended_at is not None:  # a backup would be begun anew
            work.give_way()

    try:
        counts = exporting.export(
            tenant,
            path,
            receiver,
            work.job.by,
            is_backup=work.given["is_backup"],
            leaves_holds=work.given["leaves_holds"],
            progress=Progress(written, lambda counts: _note(work, counts=counts)),
        )
    except BeingWritten:  # by the worker that had the job before
        work.pause(_AGAIN_S)
    except Stopped:
        if not Job.objects.open().filter(pk=work.job.pk).exists():
            kept_files.remove(work.given["archive"])
        raise
    return _exported(work, counts)


def make(work: Work) -> dict[str, Any]:
    """Make the tenant, once: what there is of it."""
    if "made" in work.place:
        return dict(work.place["made"])
    try:
        return import_tenant(
            kept_files.path_of(work.given["archive"]),
            work.job.by,
            passphrase=_unwrapped(work, "passphrase"),
            private_key=_unwrapped(work, "private_key"),
            is_dry_run=work.given["is_dry_run"],
            on_made=lambda made: _note(work, made=made),
        )
    except FileNotFoundError:
        raise XrpcError("The archive is not kept any more.", name="NotFound", status=404) from None
    except (NameTaken, InUse):
        place = Job.objects.values_list("place", flat=True).get(pk=work.job.pk)
        if "made" in place:  # by a worker that was slow, and had lost the job
            return dict(place["made"])
        raise


def _note(work: Work, **place: Any) -> None:
    """In the transaction that did it, whoever has the job by now."""
    Job.objects.filter(pk=work.job.pk).update(place={**work.place, **place})


def _exported(work: Work, counts: dict[str, int]) -> dict[str, Any]:
    """With this one a tenant keeps two: as many as it likes would fill the disk of everybody."""
    before = exports_of(cast("int", work.job.tenant_id)).filter(state=Job.State.DONE)
    kept_since = timezone.now() - timedelta(days=settings.ARCHIVE_DAYS)
    for job in before.filter(decided_at__gt=kept_since)[KEPT_MOST - 1 :]:
        kept_files.remove(archive_of(job))
    return {"archive": work.given["archive"], **counts}


def _wrapped(secret: str) -> str:
    return keyring.wrap(secret.encode()).hex() if secret else ""


def _unwrapped(work: Work, name: str) -> str:
    wrapped = work.given[name]
    return keyring.unwrap(bytes.fromhex(wrapped)).decode() if wrapped else ""


kinds.register(EXPORT, export, _("Tenant exported"), is_platforms=True, forgets=_SECRETS)
kinds.register(IMPORT, make, _("Tenant imported"), is_platforms=True, forgets=_SECRETS)
