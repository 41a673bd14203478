"""The stored DID documents of our accounts, as last published, and what follows from them.

Source: atproto.com/specs/account, com.atproto.sync.getRepoStatus. Only the host that a DID names
speaks for it: a copy whose DID names another host, or is a did:plc that names none, rests from the
moment when somebody here sees that (an operation of ours, any look at the DID:
`accounts.identity.plc.did_refresh`). It shows as deactivated, takes no writes, and gives its handle
back unless the DID still lists it. Its owner comes back by moving in again, or by pointing the DID
here and activating the account; that the DID names this host again is not enough, because more may
have been written elsewhere meanwhile.

Looks may overtake each other. Each knows when it was begun, and one that was begun before the
newest that an account knows of is dropped.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import security_changes
from accounts.models import Account, AccountMigration, CustomHandle, DeletionReminder
from protocol.did import did_document
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, SIGNING_METHOD, PlcData, Service

MOVED_AWAY: Final = security_changes.kind("moved_away", _("Your account moved to another host"))
KEPT_MAX_BYTES = 16_384  # of a larger document its owner's host shows only what it knows itself


@dataclass(frozen=True)
class Published:
    """What a DID says. `rotation_keys` is None where only the document was seen."""

    document: DidDocument
    rotation_keys: tuple[str, ...] | None = None


def of_plc(did: str, data: PlcData) -> Published:
    """What a did:plc says by its newest operation."""
    return Published(DidDocument(did_document.render(did, data)), data.rotation_keys)


def note(published: Published, *, seen_at: datetime) -> None:
    """Take note of what a DID said when it was asked at `seen_at`, for every account of it here.

    One transaction an account: call it outside of any.
    """
    accounts = Account.objects.open().filter(did=published.document.did)
    for account_id in list(accounts.values_list("pk", flat=True)):
        with transaction.atomic():
            locked = Account.objects.select_for_update(of=("self",), no_key=True)
            account = locked.select_related("host").filter(pk=account_id).first()
            if account is not None:
                take(account, published, seen_at)


def take(account: Account, published: Published, seen_at: datetime) -> None:
    """The same for one account, whose row is locked, in the caller's transaction."""
    if account.did_seen_at is not None and account.did_seen_at > seen_at:
        return
    was_here = bool(account.did_document) and names(account, DidDocument(document_of(account)).pds)
    account.did_seen_at = seen_at
    account.did_document = kept(published.document)
    if published.rotation_keys is not None:
        is_held = account.host.rotation_did_key in published.rotation_keys
        account.has_rotation_key = is_held
    account.save(update_fields=["did_seen_at", "did_document", "has_rotation_key"])
    pds = published.document.pds
    if names(account, pds):
        _arrive(account, is_news=not was_here)
    elif _names_others(account, pds):
        _leave(account, published.document.handle, pds or "")


def kept(document: DidDocument) -> str:
    """A document as it is kept beside an account: JSON, or nothing when it is too large."""
    text = orjson.dumps(document.json)
    return text.decode() if len(text) <= KEPT_MAX_BYTES else ""


def document_of(account: Account) -> dict[str, Any]:
    """The DID document of an account without asking anybody: what was last seen, else what its
    directory must have by our own rows."""
    if not account.did_document:
        return _by_own_rows(account)
    document: dict[str, Any] = orjson.loads(account.did_document)  # noqa: TID251 - our own text
    return document


def for_clients(account: Account) -> dict[str, Any] | None:
    """The same for the answer that a session comes with: None while the DID names another host,
    because clients would follow it there with a session of this one."""
    if not account.did_document:
        return None if account.moved_away_at else _by_own_rows(account)
    document = document_of(account)
    pds = DidDocument(document).pds
    return document if pds is None or names(account, pds) else None


def names(account: Account, pds: str | None) -> bool:
    """Whether that address of a PDS is the account's host, by whichever of its names."""
    return pds is not None and account.host.is_at(pds.rstrip("/").lower())


def is_at(account: Account, origin: str) -> bool:
    """Whether the DID, as it was last seen, names this very address as its PDS."""
    return bool(account.did_document) and DidDocument(document_of(account)).pds == origin


def _names_others(account: Account, pds: str | None) -> bool:
    """Whether nobody here speaks for the DID. A did:plc without a PDS, or at its end, says so under
    its owner's signature; a did:web's document without one may be a web server's mishap."""
    is_said = pds is not None or account.did.startswith("did:plc:")
    return is_said and not AccountMigration.objects.pending().filter(account=account).exists()


def _by_own_rows(account: Account) -> dict[str, Any]:
    data = PlcData(
        rotation_keys=(),
        verification_methods={SIGNING_METHOD: account.signing_did_key},
        also_known_as=(f"at://{account.handle}",) if account.handle else (),
        services={PDS_SERVICE: Service(PDS_SERVICE_TYPE, account.host.origin)},
    )
    return did_document.render(account.did, data)


def _arrive(account: Account, *, is_news: bool) -> None:
    """The DID of somebody who moves in, or comes back, names this host: from now on the account
    here is the one that the network sees, and it is not removed any more when its owner forgets to
    activate it. A day that its owner chooses afterwards (`is_news` is false) stays."""
    migrations = AccountMigration.objects.before_did_update().filter(account=account)
    is_back = is_news and account.moved_away_at is not None
    if migrations.update(did_updated_at=timezone.now()) or is_back:
        _delete_after(account, None)


def _leave(account: Account, handle: str | None, origin: str) -> None:
    """The DID names another host: the account here rests, others may have its handle, and it is
    kept as long as its tenant says."""
    was_active = account.deactivated_at is None
    if account.moved_away_at is None:
        account.moved_away_at = timezone.now()
        kept_days = account.host.tenant.moved_copy_kept_days
        if kept_days is not None and account.delete_after is None:
            _delete_after(account, account.moved_away_at + timedelta(days=kept_days))
        security_changes.note(account, MOVED_AWAY, detail=origin)
    account.deactivated_at = account.deactivated_at or account.moved_away_at
    if account.handle != handle:
        account.handle = None
        CustomHandle.objects.filter(account=account).delete()
    account.save(update_fields=["moved_away_at", "deactivated_at", "handle"])
    if was_active:
        status.announce(account)


def _delete_after(account: Account, moment: datetime | None) -> None:
    account.delete_after = moment
    account.save(update_fields=["delete_after"])
    DeletionReminder.objects.plan(account)
