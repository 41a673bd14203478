"""The account takes over what its DID says now, in the transaction that learns of it.

The rooms above then announce it (#identity), or sign the repo anew for another key.
"""

import logging
from functools import partial

from django.db import transaction

from accounts import custom_handles, handovers, key_changes, resolution
from accounts.models import Account, PlcOperation
from accounts.signals import handle_changed
from protocol import did_document, plc
from protocol.plc_data import PDS_SERVICE

logger = logging.getLogger("accounts")


def adopt(operation: PlcOperation) -> None:
    """Take over a published update: its key when it is another and ours, its handle when it was
    made for one. An update that its owner signed is announced as it is."""
    key_changes.adopt(operation)
    account = _locked(operation)
    if account is None:
        return
    data = plc.data_of(operation.operation)
    service = data.services.get(PDS_SERVICE) if data is not None else None
    handovers.note(account, service.endpoint if service is not None else None)
    if operation.new_handle:
        take_handle(account, operation.new_handle)
    elif not operation.new_signing_did_key:
        announce(account)
    if data is not None:
        document = did_document.render(operation.did, data)
        transaction.on_commit(partial(resolution.remember_document, operation.did, document))


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
