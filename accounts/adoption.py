"""The account takes over what its DID says now, in the transaction that learns of it.

The rooms above then announce it (#identity), or sign the repo anew for another key.
"""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts import custom_handles, key_changes, published_dids, resolution
from accounts.models import Account, PlcOperation
from accounts.published_dids import Published
from accounts.signals import handle_changed
from protocol.did import plc

logger = logging.getLogger("accounts")


def adopt(operation: PlcOperation) -> None:
    """Take over a published update: its key when it is another and ours, its handle when it was
    made for one. An update that its owner signed is announced as it is."""
    key_changes.adopt(operation)
    account = _locked(operation)
    if account is None:
        return
    data = plc.data_of(operation.operation)
    if data is not None:
        _note(account, published_dids.of_plc(operation.did, data))
    if operation.new_handle:
        take_handle(account, operation.new_handle)
    elif not operation.new_signing_did_key:
        announce(account)


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
        logger.error("%s lists the handle of another account, %s", account.did, handle)
        return
    if account.handle != handle:
        account.handle = handle
        account.save(update_fields=["handle"])
    custom_handles.note(account)
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
