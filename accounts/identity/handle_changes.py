"""Handle changes: the rules, the DID, and then the account.

Source: com.atproto.identity.updateHandle. The name is kept for the account while the directory is
asked, and is the account's from the moment when its DID lists it; a refusal changes nothing. The
same handle again is no change and is announced anew, and it mends a DID that does not list it.
"""

from django.db import IntegrityError, transaction

from accounts import status
from accounts.identity import adopt_update, did_web, incoming_handles, published_dids, resolution
from accounts.identity.handles import allocation
from accounts.identity.incoming_handles import HandleLeadsElsewhere
from accounts.identity.plc import control_check, updates
from accounts.models import Account, AccountMigration, PlcOperation
from protocol.did import plc
from protocol.did.plc_data import PDS_SERVICE, PlcData
from protocol.errors import InvalidRequest
from server.jobs.leased_job import LeasedJobQuerySet


class HandleTaken(allocation.HandleTaken):
    """400: another account has it, or is about to. (At sign-up the same has no name of its own.)"""

    name = "HandleNotAvailable"


class DidDoesNotListIt(InvalidRequest):
    """400: a DID whose document is in its owner's hands must list the handle first."""

    message = "DID is not properly configured for handle"


def check(account: Account, wanted: str) -> str:
    """The handle in its normal form, when the account may have it: by the host's rules under its
    own domains, else because it leads to the account's DID already. Asks the network.

    Raises the errors of `allocation.check_new`, HandleLeadsElsewhere and AccountFrozen.
    """
    status.refuse_held(account)
    return _checked(account, wanted)


def check_by_staff(account: Account, wanted: str) -> str:
    """The same for a handle that the host's staff give: reserved words are theirs to give away."""
    try:
        return allocation.check_by_staff(account.host, wanted)
    except allocation.UnsupportedDomain:
        return _checked(account, wanted)


def change_handle(account: Account, handle: str) -> None:
    """Give the account a handle that passed a check, in its DID and here.

    Call it outside of any transaction. Raises HandleTaken, DidDoesNotListIt and the errors of
    `updates.await_publication`; nothing is changed then, or goes on by itself when they say so.
    """
    _refuse_taken(account, handle)
    if did_web.is_served_here(account):
        did_web.change_handle(account, handle)
    elif account.did.startswith("did:plc:"):
        _change_at_the_directory(account, handle)
    else:
        _follow_the_document(account, handle)


def _checked(account: Account, wanted: str) -> str:
    if wanted.lower() == account.handle and allocation.is_own(account.host, account.handle):
        return account.handle  # staff may have given it against the rules
    try:
        return incoming_handles.check(account.host, account.did, wanted)
    except resolution.NetworkUnavailable as timeout:
        if wanted.lower() == account.handle:
            return account.handle  # proven before; a timeout takes nothing away
        raise HandleLeadsElsewhere from timeout


def _refuse_taken(account: Account, handle: str) -> None:
    others = Account.objects.exclude(did=account.did).filter(handle=handle)
    if others.exists() or allocation.is_kept(handle, account.did):
        raise HandleTaken(handle)


def _change_at_the_directory(account: Account, handle: str) -> None:
    under_way = _waiting(account).filter(new_handle=handle).first()
    if under_way is not None:
        PlcOperation.objects.filter(pk=under_way.pk).make_due()
        updates.await_publication(under_way)
        return
    try:
        newest, data = updates.newest(account)
    except updates.DirectoryUnavailable:
        if handle != account.handle:
            raise
        _adopt(account, handle)
        return
    changed = data.with_handle(handle)
    if _moves_in(account, data):
        _adopt(account, handle)
        return
    control_check.check_lives_here(account, data)
    if changed == data:
        _adopt(account, handle)
        return
    updates.await_publication(_kept(account, updates.signed(account, changed, newest), handle))


def _waiting(account: Account) -> LeasedJobQuerySet[PlcOperation]:
    """Updates that the directory has not answered yet."""
    return PlcOperation.objects.open().filter(account=account, kind=PlcOperation.Kind.UPDATE)


def _moves_in(account: Account, data: PlcData) -> bool:
    """Whether the DID still lives elsewhere: its owner will write the handle into it."""
    service = data.services.get(PDS_SERVICE)
    is_here = service is not None and published_dids.names(account, service.endpoint)
    return not is_here and AccountMigration.objects.pending().filter(account=account).exists()


def _kept(account: Account, operation: plc.Operation, handle: str) -> PlcOperation:
    """The row of the update, by which the handle is kept for the account. An earlier change that
    waits gives way: both follow the same operation, so the directory can take one of them only."""
    try:
        with transaction.atomic(durable=True):
            allocation.lock(handle)
            _refuse_taken(account, handle)
            _waiting(account).exclude(new_handle="").decide(PlcOperation.State.WITHDRAWN)
            return updates.write_down(account, operation, new_handle=handle)
    except IntegrityError:
        raise HandleTaken(handle) from None


def _follow_the_document(account: Account, handle: str) -> None:
    document = resolution.resolve_did(account.did, fresh=True)
    if document.handle != handle:
        raise DidDoesNotListIt
    _adopt(account, handle)


def _adopt(account: Account, handle: str) -> None:
    with transaction.atomic():
        allocation.lock(handle)
        _refuse_taken(account, handle)
        adopt_update.take_handle(adopt_update.lock(account), handle)
