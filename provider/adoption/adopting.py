"""Making a host of a data directory: all of it or nothing, and a report of what cannot be taken.

A dry run does the same in a transaction that is taken back, but for the files, so that it cannot
say anything else than the run. People notice nothing: passwords and app passwords go on (and are
hashed anew at the next sign-in), heads and signing keys are the same, `seq` begins beyond theirs.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.authentication import app_passwords
from accounts.identity.keys import signing_keys
from accounts.invites import codes
from accounts.models import (
    Account,
    AppPassword,
    CustomHandle,
    InviteCode,
    InviteUse,
    Preference,
)
from hosting.models import HandleDomain, Host, Tenant
from hosting.tenancy import routing
from moderation.audit import Actor
from protocol import cid
from protocol.errors import XrpcError
from protocol.keys import SigningKey
from protocol.syntax import is_handle, normalize_handle
from provider.adoption.reference_directory import Directory, NotADirectory, Store
from provider.errors import NameTaken
from provider.tenancy import hosts, tenant_log
from repos.blobs import files, scanning
from repos.blobs.files import Place
from repos.blobs.types import mime_types
from repos.imports import applying, as_it_is, car_file
from repos.lifecycle import record_takedowns
from repos.maintenance.restore import STEP
from repos.models import Blob, EventCounter
from repos.reads import repos
from server.encryption import keyring

_PIECE_BYTES: Final = 262_144
_NEVER: Final = "!"  # no password fits
_UNREADABLE: Final = (ValueError, TypeError, AttributeError, DataError)  # columns hold anything


@dataclass(frozen=True, slots=True)
class Wanted:
    """The host that a directory becomes."""

    hostname: str
    domains: Sequence[str]
    rotation_key: bytes  # k256, the private half: PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX
    origin: str = ""


@dataclass(slots=True)
class Report:
    """What was taken, and why something was not."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("accounts", "records", "blobs", "preferences", "app passwords", "invite codes"), 0
        )
    )
    left: list[str] = field(default_factory=list)
    last_seq: int = 0

    def note(self, what: str, count: int) -> None:
        self.counts[what] += count

    def add(self, other: "Report") -> None:
        """Take over what another says of one account."""
        for what, count in other.counts.items():
            self.note(what, count)
        self.left += other.left


def adopt(
    directory: Directory, tenant: Tenant, wanted: Wanted, by: Actor, *, is_dry_run: bool = False
) -> Report:
    """Make the host. Raises NotADirectory, InvalidField, NameTaken; nothing is made then."""
    directory.check()
    report = Report()
    try:
        with transaction.atomic():
            _make(directory, tenant, wanted, by, report, is_dry_run)
            if is_dry_run:
                transaction.set_rollback(True)
    except IntegrityError as fault:
        raise NameTaken(f"Something of it is here already: {str(fault).splitlines()[0]}") from fault
    return report


def _make(  # noqa: PLR0913, PLR0917 - what `adopt` was given
    directory: Directory,
    tenant: Tenant,
    wanted: Wanted,
    by: Actor,
    report: Report,
    is_dry_run: bool,
) -> None:
    host = hosts.create(tenant, wanted.hostname, wanted.domains, by, wanted.origin)
    key = SigningKey.load("k256", wanted.rotation_key)
    host.rotation_key, host.rotation_did_key = keyring.wrap(key.secret), key.did_key
    host.save(update_fields=["rotation_key", "rotation_did_key"])
    for row in directory.accounts():
        of_account = Report()
        try:
            with transaction.atomic():
                _take(directory, host, row, of_account, is_dry_run)
        except XrpcError as refusal:
            report.left.append(f"{row['did']}: {refusal.message}")
        except _UNREADABLE as fault:
            report.left.append(f"{row['did']}: it cannot be read ({type(fault).__name__})")
        else:
            report.add(of_account)
    _take_invites(directory, host, report)
    report.last_seq = directory.last_seq()
    EventCounter.objects.create(host_id=host.pk, last_seq=report.last_seq + STEP)
    tenant_log.note(by, tenant, f"host {host.hostname}: adopted from another PDS")


def _take(
    directory: Directory, host: Host, row: Mapping[str, Any], report: Report, is_dry_run: bool
) -> None:
    """One account, with all that it has. Raises XrpcError for one that is not whole."""
    if row["email"] is None:
        raise NotADirectory("it is not whole: it has no address")
    if Account.objects.filter(did=row["did"]).exists():
        raise NameTaken("a host here has it already")
    store = directory.store_of(row["did"])
    account = _account(host, row, store.key())
    with car_file.receive(store.car()) as received:
        try:
            records = as_it_is.store(account, received)
        finally:
            received.path.unlink()
    report.note("accounts", 1)
    report.note("records", records)
    report.note("preferences", _take_preferences(account, store))
    report.note("app passwords", _take_app_passwords(account, directory))
    for taken in store.takedowns():
        repo = repos.find_repo(host, account.did)
        record_takedowns.take_down(repo, taken["collection"], taken["rkey"], taken["takedownRef"])
    _take_blobs(account, store, report, is_dry_run)


def _account(host: Host, row: Mapping[str, Any], key: SigningKey) -> Account:
    handle = _handle(host, row["handle"] or "")
    signing_keys.store(key, host, row["did"])
    made_at = _moment(row["createdAt"]) or timezone.now()
    account = Account.objects.create(
        host=host,
        did=row["did"],
        handle=handle,
        email=row["email"].lower(),
        email_confirmed_at=_moment(row["emailConfirmedAt"]),
        password=_password(row["passwordScrypt"]),
        signing_did_key=key.did_key,
        opened_at=made_at,
        deactivated_at=_moment(row["deactivatedAt"]),
        delete_after=_moment(row["deleteAfter"]),
        taken_down_at=timezone.now() if row["takedownRef"] else None,
        takedown_ref=row["takedownRef"] or "",
    )
    Account.objects.filter(pk=account.pk).update(created_at=made_at)
    account.refresh_from_db(fields=["status"])
    own = host.handle_domains.values_list("name", flat=True)
    if account.handle and not account.handle.endswith(tuple(own)):
        CustomHandle.objects.create(account=account, next_check_at=timezone.now())
    if row["invitesDisabled"]:
        codes.set_permission(account, is_disabled=True)
    return account


def _handle(host: Host, name: str) -> str | None:
    """A handle as it is kept. Raises NameTaken for one that another host here gives out."""
    if not is_handle(name):
        return None
    name = normalize_handle(name)
    domain = routing.closest_domain(name, HandleDomain.objects.all())
    if domain is not None and domain.host_id != host.pk:
        raise NameTaken(f"its handle {name} is under another host's domain")
    return name


def _take_preferences(account: Account, store: Store) -> int:
    found = [
        Preference(account=account, position=at, name=row["name"], value=row["valueJson"])
        for at, row in enumerate(store.preferences())
    ]
    return len(Preference.objects.bulk_create(found))


def _take_app_passwords(account: Account, directory: Directory) -> int:
    found = [
        AppPassword(
            account=account,
            name=row["name"],
            password_hash=app_passwords.FOREIGN + row["passwordScrypt"].partition(":")[2][:64],
            is_privileged=bool(row["privileged"]),
        )
        for row in directory.app_passwords(account.did)
    ]
    return len(AppPassword.objects.bulk_create(found))


def _take_invites(directory: Directory, host: Host, report: Report) -> None:
    for row in directory.invite_codes():
        uses = directory.invite_uses(row["code"])
        code = InviteCode.objects.create(
            host=host,
            code=row["code"],
            for_account=row["forAccount"],
            created_by=row["createdBy"],
            available_count=max(row["availableUses"], len(uses)),
            used_count=len(uses),
            is_disabled=bool(row["disabled"]),
            created_at=_moment(row["createdAt"]) or timezone.now(),
        )
        for use in uses:
            used_at = _moment(use["usedAt"]) or timezone.now()
            InviteUse.objects.create(code=code, used_by=use["usedBy"], used_at=used_at)
        report.note("invite codes", 1)


def _take_blobs(account: Account, store: Store, report: Report, is_dry_run: bool) -> None:
    for row in store.blobs():
        path, blob_cid = store.file(row), cid.from_text(row["cid"])
        if not path.is_file():
            report.left.append(f"{account.did}: file {row['cid']} is not there")
            continue
        if is_dry_run or _take_blob(account, blob_cid, row, path):
            report.note("blobs", 1)
        else:
            report.left.append(f"{account.did}: file {row['cid']} is not what its CID says")
    applying.attach_blobs(account.pk)


def _take_blob(account: Account, blob_cid: bytes, row: Mapping[str, Any], path: Path) -> bool:
    is_hidden = bool(row["takedownRef"]) or scanning.is_denied(account.host_id, blob_cid)
    place = Place.QUARANTINE if is_hidden else Place.PUBLIC
    key = files.new_key(place, account.host.tenant_id, account.did, blob_cid)
    with path.open("rb") as file:
        pieces = iter(lambda: file.read(_PIECE_BYTES), b"")
        size = files.write_checked(key, pieces, blob_cid)
    if size is None:
        return False
    Blob.objects.create(
        repo_id=account.pk,
        cid=blob_cid,
        mime_type=mime_types.plain(row["mimeType"]),
        size=size,
        state=Blob.State.QUARANTINED if is_hidden else Blob.State.STAGED,
        key=key,
        changed_at=timezone.now(),
    )
    files.forget([key])
    return True


def _password(theirs: str) -> str:
    """`salt:hash` of theirs as accounts.authentication.passwords.Scrypt has it."""
    salt, _, digest = theirs.partition(":")
    try:
        return f"scrypt$16384${salt}$8$1${base64.b64encode(bytes.fromhex(digest)).decode()}"
    except ValueError:
        return _NEVER


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
