"""Applies a published DID update to its account, in the transaction that learns of it.

The packages above then announce it (#identity), or sign the repo anew for another key.
"""

from functools import partial
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.authentication import security_changes
from accounts.identity import external_handles, published_dids, resolution
from accounts.identity.keys import reserved_keys, signing_keys
from accounts.identity.published_dids import Published
from accounts.models import Account, PlcOperation
from accounts.signals import handle_changed, signing_key_changed
from protocol.did import plc
from protocol.did.plc_data import SIGNING_METHOD

ROTATION_KEY_ADDED: Final = security_changes.kind("rotation_key_added", _("Recovery key added"))
ROTATION_KEY_REMOVED: Final = security_changes.kind(
    "rotation_key_removed", _("Key removed from your identity")
)

logger = structlog.stdlib.get_logger(__name__)


def adopt(operation: PlcOperation) -> None:
    """Take over a published update: its key when it is another and ours, its handle when it was
    made for one. An update that its owner signed is announced as it is."""
    adopt_key(operation)
    account = _locked(operation)
    if account is None:
        return
    data = plc.data_of(operation.operation)
    if data is not None:
        _note(account, published_dids.of_plc(operation.did, data))
    if key := operation.added_rotation_key:
        security_changes.note(account, ROTATION_KEY_ADDED, detail=key)
    if key := operation.removed_rotation_key:
        security_changes.note(account, ROTATION_KEY_REMOVED, detail=key)
    if operation.new_handle:
        take_handle(account, operation.new_handle)
    elif not operation.new_signing_did_key:
        announce(account)


def adopt_key(operation: PlcOperation) -> None:
    """Take over the signing key of a published update, when it is another and the account's own.

    Anybody may write any public key into a DID of theirs; only one made here for this account is
    taken. The package above then signs the repo anew.
    """
    did_key = operation.operation["verificationMethods"].get(SIGNING_METHOD, "")
    account = Account.objects.select_for_update().filter(plc_operations=operation).first()
    if account is None or account.signing_did_key == did_key:
        return
    if signing_keys.is_owned_by(account, did_key):
        reserved_keys.claim(account.host, account.did, did_key)
        account.signing_did_key = did_key
        account.save(update_fields=["signing_did_key"])
        signing_key_changed.send(sender=Account, account=account)


def _note(account: Account, published: Published) -> None:
    """The account knows at once what its DID says; its copies at other hosts of ours, and whoever
    resolves the DID, when the transaction has come true."""
    now = timezone.now()
    published_dids.take(account, published, now)
    document = dict(published.document.json)
    transaction.on_commit(partial(resolution.remember_document, account.did, document))
    transaction.on_commit(partial(published_dids.note, published, seen_at=now))


def take_handle(account: Account, handle: str) -> None:
    """Give the account, whose row is locked, a handle that its DID lists; say so in any case.

    Another account that has it by now keeps it, and ours the one it had.
    """
    others = Account.objects.of(account.host).exclude(pk=account.pk)
    if others.filter(handle=handle).exists():
        logger.error("a DID lists the handle of another account", did=account.did, handle=handle)
        return
    if account.handle != handle:
        account.handle = handle
        account.save(update_fields=["handle"])
        security_changes.note(account, security_changes.HANDLE_CHANGED, detail=f"@{handle}")
    external_handles.track(account)
    announce(account)


def announce(account: Account) -> None:
    """Say who the account, whose row is locked, is: something in its DID may be another."""
    handle_changed.send(sender=Account, account=account)


def lock(account: Account) -> Account:
    """The account's row, locked, with its host."""
    accounts = Account.objects.select_for_update(of=("self",), no_key=True).select_related("host")
    return accounts.get(pk=account.pk)


def _locked(operation: PlcOperation) -> Account | None:
    accounts = Account.objects.select_for_update(of=("self",), no_key=True).select_related("host")
    return accounts.filter(plc_operations=operation).first()
