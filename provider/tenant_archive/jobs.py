"""Exports and imports of tenants as jobs, for whoever cannot wait beside a command.

A worker that is killed leaves an export to be gone on with, and an import that was never there.
What was done before the job could say so is noted in its row, in the transaction that did it, and
is not done again. Passphrases and private keys wait wrapped, and go when the job is decided.
"""

from typing import Any, Final, cast

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hosting.models import Tenant
from moderation.audit import Actor
from protocol.errors import XrpcError
from provider.errors import InUse, NameTaken
from provider.jobs import kinds, running
from provider.jobs.work import Stopped, Work
from provider.models import Job
from provider.tenancy import suspensions
from provider.tenant_archive import exporting, kept_files, keys
from provider.tenant_archive.container import BeingWritten
from provider.tenant_archive.exporting import Progress, Receiver
from provider.tenant_archive.importing import import_tenant
from server.encryption import keyring

EXPORT: Final = "tenant.export"
IMPORT: Final = "tenant.import"
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
    an unfit receiver, NotSuspended, HeldAccounts, and what `running.begin` does."""
    exporting.check_ready(tenant, is_backup=is_backup, leaves_holds=leaves_holds)
    keys.new(receiver.passphrase, receiver.public_key)
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
    return {"archive": work.given["archive"], **counts}


def _wrapped(secret: str) -> str:
    return keyring.wrap(secret.encode()).hex() if secret else ""


def _unwrapped(work: Work, name: str) -> str:
    wrapped = work.given[name]
    return keyring.unwrap(bytes.fromhex(wrapped)).decode() if wrapped else ""


kinds.register(EXPORT, export, _("Tenant exported"), is_platforms=True, forgets=_SECRETS)
kinds.register(IMPORT, make, _("Tenant imported"), is_platforms=True, forgets=_SECRETS)
