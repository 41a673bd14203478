"""Restoring a tenant's repos as an archive has them: records, files and preferences of a moment.

Accounts, keys and settings stay as they are now. Each repo becomes what it was, under a new commit
whose rev is later than any before, and its firehose says so (#sync): to readers it is a change like
another. Whoever was deleted since, or has a hold, is left and named. It may be repeated: what is as
it was then is not touched.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from accounts.models import Account, Preference, SigningKey
from hosting.models import Tenant
from moderation.audit import Actor
from protocol.errors import XrpcError
from protocol.keys import PublicKey
from protocol.repo.commit import Commit
from provider.errors import InvalidField
from provider.tenancy import tenant_log
from provider.tenant_archive import blob_files, tables
from provider.tenant_archive.container import BrokenArchive
from provider.tenant_archive.reading import Reader, readable
from repos.imports import car_file, importing
from repos.imports.car_file import CarFile
from repos.lifecycle import account_signals
from repos.models import Repo

_ACCOUNTS: Final = "tables/accounts.Account.jsonl"
_PREFERENCES: Final = "tables/accounts.Preference.jsonl"
Row = Mapping[str, Any]


@dataclass(slots=True)
class Report:
    """What was restored: DIDs of repos that changed, how many were as they are, who was left."""

    restored: list[str] = field(default_factory=list)
    same: int = 0
    left: list[str] = field(default_factory=list)


def restore(
    path: Path, tenant: Tenant, by: Actor, dids: Collection[str] = (), *, is_dry_run: bool = False
) -> Report:
    """Restore the repos of a tenant, or of these accounts of it.

    Raises BrokenArchive, InvalidField for another tenant's archive.
    """
    report = Report()
    with Reader(path) as reader, readable():
        if reader.manifest.get("tenant") != tenant.slug:
            raise InvalidField("file", f"The archive is not one of tenant {tenant.slug}.")
        reader.check()
        wanted = (row for row in reader.rows(_ACCOUNTS) if not dids or row["did"] in dids)
        for rows in tables.in_batches(wanted):
            preferences = {} if is_dry_run else _preferences(reader, rows)
            for row in rows:
                kept = preferences.get(row["id"], [])
                try:
                    _restore(reader, row, kept, tenant, report, is_dry_run)
                except XrpcError as refusal:
                    report.left.append(f"{row['did']}: {refusal.message}")
        made_at = reader.manifest["made_at"]
    if not is_dry_run:
        count = len(report.restored)
        tenant_log.note(by, tenant, f"{count} repos restored as they were on {made_at}")
    return report


def _preferences(reader: Reader, accounts: Sequence[Row]) -> dict[int, list[Row]]:
    """The preferences of some accounts, by the accounts' numbers: one reading for all of them."""
    found: dict[int, list[Row]] = defaultdict(list)
    numbers = {row["id"] for row in accounts}
    for row in reader.rows(_PREFERENCES):
        if row["account_id"] in numbers:
            found[row["account_id"]].append(row)
    return found


def _restore(  # noqa: PLR0913, PLR0917 - what `restore` was given, and the account's rows
    reader: Reader,
    row: Row,
    preferences: Sequence[Row],
    tenant: Tenant,
    report: Report,
    is_dry_run: bool,
) -> None:
    found = Account.objects.filter(host__tenant=tenant, did=row["did"])
    account = found.select_related("host__tenant").first()
    if account is None:
        raise BrokenArchive("it is not here any more")
    received = car_file.receive(reader.pieces(f"repos/{row['id']}.car"))
    try:
        with received:
            was = importing.check_owner(received, account.did)
            _check_signature(account, was)
            repo = Repo.objects.filter(pk=account.pk).first()
            if repo is None:
                raise BrokenArchive("it has no repo yet")
            if bytes(repo.data) == was.data:
                report.same += 1
                return
            if not is_dry_run:
                _make(reader, row["id"], preferences, account, received)
            report.restored.append(account.did)
    finally:
        received.path.unlink()


def _make(
    reader: Reader, old_id: int, items: Sequence[Row], account: Account, received: CarFile
) -> None:
    """The repo last: who is killed before has it done again, and afterwards it is the same."""
    with transaction.atomic():
        blob_files.store(reader, old_id, account, is_staged=True)
        Preference.objects.filter(account=account).delete()
        Preference.objects.bulk_create(
            Preference(
                account=account, **{name: row[name] for name in ("position", "name", "value")}
            )
            for row in items
        )
    importing.import_repo(account.pk, received, importing.ignore_progress)
    with transaction.atomic():
        account_signals.announce_head(account)


def _check_signature(account: Account, was: Commit) -> None:
    """The archive could be anybody's: what it says was signed here."""
    mine = SigningKey.objects.filter(host_id=account.host_id, did=account.did)
    did_keys = mine.values_list("did_key", flat=True)
    if not any(was.verify(PublicKey.from_did_key(did_key)) for did_key in did_keys):
        raise BrokenArchive("its commit is signed with none of the account's keys")
