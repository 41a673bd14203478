"""Exports of tenants: everything that is the tenant's, written to one file.

A tenant that leaves is suspended first: then nothing changes any more, and an export that was
killed is gone on with. Of one that goes on serving its people the archive is a backup, in which
each repo is of one moment of its own, and it is begun anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting.models import Tenant
from moderation import audit_chain
from moderation.audit import Actor
from moderation.models import AuditChain, LegalHold
from protocol import cid
from protocol.errors import XrpcError
from provider.errors import NAMED_MAX
from provider.tenancy import tenant_log
from provider.tenant_archive import keys, tables
from provider.tenant_archive.container import MANIFEST
from provider.tenant_archive.keys import ArchiveKey
from provider.tenant_archive.writing import Writer
from repos.blobs import files
from repos.models import Blob, EventCounter
from repos.reads import exports, repos
from repos.reads.refusals import RepoNotFound
from server.encryption import keyring

FORMAT: Final = "grove-tenant-archive"
VERSION: Final = 1
_PAGE: Final = 500


class NotSuspended(XrpcError):
    """409: the tenant still serves its people."""

    name = "NotSuspended"
    status = 409


class HeldAccounts(XrpcError):
    """409: what a legal hold keeps is not in an archive."""

    name = "HeldAccounts"
    status = 409
    page_text = _("Legal holds are open, and do not travel: release them first.")

    def __init__(self, dids: list[str]) -> None:
        named = ", ".join(dids[:NAMED_MAX])
        more = f" and {len(dids) - NAMED_MAX} more" if len(dids) > NAMED_MAX else ""
        super().__init__(
            f"Legal holds do not travel, and are on {named}{more}: release them, or say that they"
            " stay here without the tenant."
        )


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who can open the secrets: whoever knows a passphrase, or has a private key."""

    passphrase: str = ""
    public_key: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is told of an export: `written` after each account, how many there are, outside of any
    transaction; `done` once, in the transaction that notes the end."""

    written: Callable[[int, int], object] = lambda _count, _total: None
    done: Callable[[dict[str, int]], object] = lambda _counts: None


_SILENT: Final = Progress()


def check_ready(tenant: Tenant, *, is_backup: bool = False, leaves_holds: bool = False) -> None:
    """Of what is no backup: raises NotSuspended, and HeldAccounts where there are legal holds that
    are not to stay here (`leaves_holds`)."""
    if is_backup:
        return
    if tenant.suspended_at is None:
        raise NotSuspended(
            f"Tenant {tenant.slug} serves its people: suspend it first, or export a backup."
        )
    held = LegalHold.objects.open().filter(host__tenant=tenant).order_by("pk")
    if not leaves_holds and (dids := list(held.values_list("did", flat=True))):
        raise HeldAccounts(dids)


def export(  # noqa: PLR0913 - an export has that many sides
    tenant: Tenant,
    path: Path,
    receiver: Receiver,
    by: Actor,
    *,
    is_backup: bool = False,
    leaves_holds: bool = False,
    progress: Progress = _SILENT,
) -> dict[str, int]:
    """Write a tenant's archive to `path`; how many there are of what. Goes on with one that was
    broken off.

    Raises what `check_ready` does, InvalidRequest for an unfit receiver, BeingWritten,
    InsufficientStorage.
    """
    check_ready(tenant, is_backup=is_backup, leaves_holds=leaves_holds)
    writer = Writer(path)
    kept = path.with_name(path.name + ".part.key")
    try:
        key = _gone_on_with(writer, kept, tenant, receiver) or _begun(
            writer, kept, tenant, receiver
        )
        counts = _write(writer, tenant, key, progress)
        writer.finish()
        kept.unlink()
    finally:
        writer.close()
    _note(tenant, by, counts, progress)
    return counts


@transaction.atomic
def _note(tenant: Tenant, by: Actor, counts: dict[str, int], progress: Progress) -> None:
    if tenant.suspended_at is not None:
        Tenant.objects.filter(pk=tenant.pk).update(exported_at=timezone.now())
    tenant_log.note(by, tenant, "exported" if tenant.suspended_at else "exported as a backup")
    progress.done(counts)


def _gone_on_with(
    writer: Writer, kept: Path, tenant: Tenant, receiver: Receiver
) -> ArchiveKey | None:
    """The key of the archive that is there in part, if it still says what is so."""
    begun = writer.manifest()
    if begun is None or tenant.suspended_at is None or not kept.exists():
        return None
    same = {"tenant": tenant.slug, "suspended_at": tenant.suspended_at.isoformat()}
    is_same = all(begun.get(name) == value for name, value in same.items())
    if not is_same or not keys.is_for(begun["key"], receiver.passphrase, receiver.public_key):
        return None
    return ArchiveKey(keyring.unwrap(kept.read_bytes()))


def _begun(writer: Writer, kept: Path, tenant: Tenant, receiver: Receiver) -> ArchiveKey:
    """A new archive. Its key waits beside it, wrapped, for whoever has to go on."""
    secret, about = keys.new(receiver.passphrase, receiver.public_key)
    writer.begin_anew()
    kept.touch(mode=0o600)
    kept.write_bytes(keyring.wrap(secret))
    writer.add(MANIFEST, [orjson.dumps(_manifest(tenant, about))])
    return ArchiveKey(secret)


def _write(writer: Writer, tenant: Tenant, key: ArchiveKey, progress: Progress) -> dict[str, int]:
    for table in tables.TABLES:
        writer.add(table.member, tables.rows_of(table, tenant, key))
    writer.add("audit.jsonl", audit_chain.json_lines(tenant))
    counts = {"accounts": 0, "repos": 0, "blobs": 0, "missing blobs": 0}
    accounts = Account.objects.filter(host__tenant=tenant).select_related("host").order_by("pk")
    total = accounts.count()
    for account in accounts.iterator(_PAGE):
        counts["accounts"] += 1
        _write_repo(writer, account, counts)
        progress.written(counts["accounts"], total)
    writer.add("firehose.json", [orjson.dumps(_firehose(tenant))])
    return counts


def _manifest(tenant: Tenant, about_key: dict[str, Any]) -> dict[str, Any]:
    end = AuditChain.objects.filter(tenant=tenant).first()
    return {
        "format": FORMAT,
        "version": VERSION,
        "tenant": tenant.slug,
        "hosts": [*tenant.hosts.order_by("pk").values_list("hostname", flat=True)],
        "made_at": timezone.now().isoformat(),
        "suspended_at": tenant.suspended_at and tenant.suspended_at.isoformat(),
        "key": about_key,
        "audit": {"number": end.number, "hash": bytes(end.hash).hex()} if end else None,
    }


def _write_repo(writer: Writer, account: Account, counts: dict[str, int]) -> None:
    try:
        repo = repos.find_repo(account.host, account.did)
    except RepoNotFound:
        return  # pending
    counts["repos"] += 1
    writer.add(f"repos/{account.pk}.car", exports.export_repo(repo))
    lines = []
    kept = Blob.objects.filter(repo_id=account.pk).order_by("cid")
    for blob in kept.iterator(_PAGE):
        name = f"blobs/{account.pk}/{cid.to_text(bytes(blob.cid))}"
        line = {
            "cid": cid.to_text(bytes(blob.cid)),
            "mimeType": blob.mime_type,
            "size": blob.size,
            "state": blob.state,
        }
        try:
            if name not in writer.names:
                with files.read(blob.key) as file:
                    writer.add_file(name, file, blob.size)
            counts["blobs"] += 1
        except FileNotFoundError:
            line["missing"] = True
            counts["missing blobs"] += 1
        lines.append(orjson.dumps(line) + b"\n")
    writer.add(f"blobs/{account.pk}.jsonl", lines)


def _firehose(tenant: Tenant) -> dict[str, int]:
    """The newest number of each host, taken last."""
    hosts = dict(tenant.hosts.values_list("pk", "hostname"))
    counted = EventCounter.objects.filter(pk__in=hosts).values_list("pk", "last_seq")
    return {hosts[host_id]: seq for host_id, seq in counted}
