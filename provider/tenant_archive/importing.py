"""Imports of tenants: an archive becomes a tenant here, all of it or nothing.

What is in the way (a host name, a domain, a DID) is looked for first, and every byte is held
against the archive's digests. Then one transaction makes the rows, the repos with the heads that
they had, and the files' rows: nobody sees anything before it ends, and one that was killed left
nothing but files that the hourly sweep removes (repos.blobs.garbage_collection). Each host's `seq`
begins beyond all that it ever sent, so relays read on.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from django.db import IntegrityError, transaction

from accounts.models import Account, AccountMigration, SigningKey
from hosting.models import HandleDomain, Host, StaffUser, Tenant
from hosting.models.tenants import service_did
from hosting.tenancy import provisioning, routing
from moderation.audit import Actor
from provider.errors import NAMED_MAX, InUse, NameTaken
from provider.tenancy import domains, hosts, tenant_log
from provider.tenant_archive import blob_files, keys, tables
from provider.tenant_archive.container import BrokenArchive
from provider.tenant_archive.exporting import FORMAT, VERSION
from provider.tenant_archive.keys import ArchiveKey
from provider.tenant_archive.reading import Reader, readable
from provider.tenant_archive.tables import Move, Row, Table
from provider.webhooks.addresses import newest_position
from repos.imports import as_it_is, car_file
from repos.maintenance.restore import SEQ_MAX, STEP
from repos.models import EventCounter
from server.database import connection
from server.encryption import keyring

_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext('grove.tenant_import'))"
_COUNT_LABELS: Final = """
    INSERT INTO label_counter (labeler_id, last_seq, dropped_seq)
    SELECT labeler_id, coalesce(max(seq), 0) + %s, 0 FROM label WHERE labeler_id = %s
    GROUP BY labeler_id
"""


def import_tenant(  # noqa: PLR0913 - an import has that many sides
    path: Path,
    by: Actor,
    *,
    passphrase: str = "",
    private_key: str = "",
    is_dry_run: bool = False,
    on_made: Callable[[dict[str, Any]], object] = lambda _made: None,
) -> dict[str, Any]:
    """Make an archive's tenant; what there is of it, and what was under way and is not gone on
    with. `is_dry_run`: look what is in the way. `on_made` is told in the transaction.

    Raises BrokenArchive, WrongKey, NameTaken, InUse, InvalidField.
    """
    with Reader(path) as reader, readable():
        _check_format(reader.manifest)
        reader.check()
        key = keys.opened(reader.manifest["key"], passphrase, private_key)
        _refuse_conflicts(reader)
        _refuse_names(reader)
        of_manifest = {name: reader.manifest[name] for name in ("tenant", "hosts")}
        count = sum(1 for _ in reader.rows("tables/accounts.Account.jsonl"))
        found: dict[str, Any] = {**of_manifest, "accounts": count}
        if not is_dry_run:
            try:
                with transaction.atomic():
                    found |= _made(reader, key, by)
                    on_made(found)
            except IntegrityError as fault:
                raise NameTaken("Something of this archive is here already.") from fault
            routing.forget()
    return found


def _check_format(manifest: Mapping[str, Any]) -> None:
    if manifest.get("format") != FORMAT or "key" not in manifest:
        raise BrokenArchive("The file is no archive of a tenant.")
    if manifest.get("version") != VERSION:
        raise BrokenArchive(f"The archive has version {manifest.get('version')}, not {VERSION}.")


def _refuse_conflicts(reader: Reader) -> None:
    """Raises NameTaken, InUse for what is here already."""
    slug = reader.manifest["tenant"]
    if Tenant.objects.filter(slug=slug).exists():
        raise NameTaken(f"There is a tenant {slug} already.")
    for label, column, model, what in (
        ("hosting.Host", "hostname", Host, "Host name"),
        ("hosting.HandleDomain", "name", HandleDomain, "Handle domain"),
        ("accounts.Account", "did", Account, "DID"),
        ("accounts.SigningKey", "did_key", SigningKey, "Signing key"),
    ):
        for rows in tables.in_batches(reader.rows(f"tables/{label}.jsonl")):
            named = {f"{column}__in": [row[column] for row in rows]}
            found = [*model.objects.filter(**named).values_list(column, flat=True)]
            if found:
                raise InUse(what, found, len(found))


def _refuse_names(reader: Reader) -> None:
    """Raises InvalidField, NameTaken for names that nobody is given here, and BrokenArchive for a
    host that calls itself another: what is meant for that one (tokens, OAuth) would be good here.
    """
    for row in reader.rows("tables/hosting.Host.jsonl"):
        name, origin = hosts.check_new(row["hostname"]), row["origin"]
        known_by = (row["hostname"], urlsplit(origin).hostname, row["service_did"])
        if known_by != (name, name, service_did(origin)):
            raise BrokenArchive(f"Host {name} has another's address in the archive.")
    for row in reader.rows("tables/hosting.HandleDomain.jsonl"):
        if domains.check_new(row["name"]) != row["name"]:
            raise BrokenArchive(f"{row['name'][:80]} is not a domain as they are kept.")
    _refuse_handles(reader)


def _refuse_handles(reader: Reader) -> None:
    """Raises InUse for handles under domains of others, where nobody else could get them then."""
    own = {row["name"] for row in reader.rows("tables/hosting.HandleDomain.jsonl")}
    others = set(HandleDomain.objects.values_list("name", flat=True)) - own
    known = own | others
    found = [name for name in _handles(reader) if routing.closest_name(name, known) in others]
    if found:
        raise InUse("Another tenant's domain", found[: NAMED_MAX + 1], len(found))


def _handles(reader: Reader) -> Iterator[str]:
    for row in reader.rows("tables/accounts.Account.jsonl"):
        yield row["handle"] or ""
    for row in reader.rows("tables/accounts.WebIdentity.jsonl"):
        yield (row["did"] or "").removeprefix("did:web:")


def _made(reader: Reader, key: ArchiveKey, by: Actor) -> dict[str, Any]:
    """In the caller's transaction."""
    connection.rows(_ONE_AT_A_TIME)
    moves = _moves(reader)
    stored = {}
    for table in (each for each in tables.TABLES if each.label not in tables.AFTER_REPOS):
        stored[table] = tables.insert(table, _rows(reader, table, moves, key))
    counts = {"records": 0, "blobs": 0}
    for member in reader.names("repos/"):
        old_id = int(member.removeprefix("repos/").removesuffix(".car"))
        account = Account.objects.select_related("host").get(pk=moves["accounts.Account"](old_id))
        counts["records"] += _make_repo(reader, member, account)
        counts["blobs"] += blob_files.store(reader, old_id, account)
    for table in (each for each in tables.TABLES if each.label in tables.AFTER_REPOS):
        stored[table] = tables.insert(table, _rows(reader, table, moves, key))
    tenant = Tenant.objects.get(slug=reader.manifest["tenant"])
    for table, count in stored.items():
        tables.refuse_others(table, tenant, count)
    _count_on(reader, tenant)
    _have_announced(tenant)
    audit = reader.manifest.get("audit") or {}
    chain = f"; the audit log ended with {audit['number']}:{audit['hash']}" if audit else ""
    tenant_log.note(by, tenant, f"imported, exported {reader.manifest['made_at']}{chain}")
    return {**counts, "unfinished": _unfinished(tenant)}


def _have_announced(tenant: Tenant) -> None:
    """Once it is resumed the firehose says of everybody that they are active: relays may have heard
    since the export that they are suspended, or deleted."""
    if tenant.suspended_at is not None:
        unsaid = Account.objects.filter(host__tenant=tenant, announced_suspended_at=None)
        unsaid.active().update(announced_suspended_at=tenant.suspended_at)


def _unfinished(tenant: Tenant) -> dict[str, int]:
    """What people had begun and nobody goes on with: their jobs stayed where they were. They begin
    again."""
    of_tenant = Account.objects.filter(host__tenant=tenant)
    moves = AccountMigration.objects.pending().filter(account__host__tenant=tenant)
    return {"sign-ups": of_tenant.filter(opened_at=None).count(), "moves in": moves.count()}


def _moves(reader: Reader) -> dict[str, Move]:
    """Where the numbers of each table come to lie."""
    moves = {}
    for table in tables.TABLES:
        if table.has_numbers:
            first, last = 0, 0
            for row in reader.rows(table.member):
                number = row.get("id")
                if not isinstance(number, int) or number < 1:
                    raise BrokenArchive(f"A row in {table.label} has no number.")
                first, last = min(first or number, number), max(last, number)
            moves[table.label] = tables.move(table, first, last)
    return moves


def _rows(
    reader: Reader, table: Table, moves: Mapping[str, Move], key: ArchiveKey
) -> Iterator[Row]:
    for row in reader.rows(table.member):
        yield _fitted(table, tables.moved(table, tables.unsealed(table, row, key), moves))


def _fitted(table: Table, row: Row) -> Row:
    """What of a row is another here."""
    if table.label == "hosting.Tenant":
        # What it may use its provider here says
        row |= {"plan_id": None, "limits": {}, "limits_before": {}, "grace_until": None}
    elif table.label == "accounts.AccountLimits":
        row |= {"limits": {}, "warned": {}}
    elif table.label == "hosting.Host":
        row["blob_limit_bytes"] = row["blob_quota_bytes"] = None
        secret = keyring.wrap(secrets.token_bytes(provisioning.TOKEN_SECRET_BYTES))
        row["token_secret"] = "\\x" + secret.hex()
        # A second name would take it from whoever has it here, and older archives lack the rest
        row |= {"other_hostname": None, "other_origin": ""}
        row.setdefault("app_url", "")
    elif table.label == "hosting.StaffUser":
        row["is_superuser"] = row["is_platform_staff"] = False  # whatever a stranger's archive says
        while StaffUser.objects.filter(username=row["username"]).exists():
            row["username"] = f"{row['username'][:140]}-{secrets.token_hex(2)}"
    elif table.label == "moderation.Label":
        row["position"] = None  # the platform's own
    elif table.label == "provider.Webhook":
        # Of another platform's firehose they say nothing
        row |= {"record_position": newest_position(), "is_behind": False}
    return row


def _make_repo(reader: Reader, member: str, account: Account) -> int:
    received = car_file.receive(reader.pieces(member))
    try:
        with received:
            return as_it_is.store(account, received)
    finally:
        received.path.unlink()


def _count_on(reader: Reader, tenant: Tenant) -> None:
    """Events and labels are numbered from beyond all that was ever sent."""
    sent = orjson.loads(reader.file("firehose.json").read())  # noqa: TID251 - its digest is right
    for host in tenant.hosts.all():
        last_seq = sent.get(host.hostname, 0)
        if not isinstance(last_seq, int) or not 0 <= last_seq <= SEQ_MAX:
            raise BrokenArchive(f"{host.hostname} cannot have sent so many events.")
        EventCounter.objects.create(host_id=host.pk, last_seq=last_seq + STEP)
    connection.execute(_COUNT_LABELS, (STEP, tenant.pk))
