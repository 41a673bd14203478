"""The change of the DID: the one public step of a move, on its owner's word.

A did:plc gets an operation that names this host and a key of ours, signed by the old host with a
code that it mails, or in the browser by a recovery key. Whoever signed it, it is checked like any
that an owner brings (accounts.identity.plc.owner_operations) before it is handed in. Keys of their
own that stood above the old host's stay above ours. A did:web's owner changes the document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identity.did_log import directory
from accounts.identity.did_log.key_holders import Holder, held_keys
from accounts.identity.plc import departures, owner_operations, updates
from accounts.identity.plc.rotation_keys import TooManyKeys
from accounts.models import Account
from protocol.did import plc
from protocol.did.plc_data import PlcData
from protocol.did.plc_operation import MAX_ROTATION_KEYS
from protocol.errors import InvalidRequest
from repos.account_transfer.moves import copying, old_session
from repos.models import MoveIn

_AT = "at://"


class NotCopiedYet(InvalidRequest):
    """400: the records are not here yet."""

    message = "The records have not been copied yet"
    page_text = _("Your records are not here yet. Wait until they are.")


class OtherOperation(InvalidRequest):
    """400: the old host signed what nobody asked for, or would keep a say by a key of its own."""

    field = "code"
    message = "The old host signed another operation than it was asked for, or keeps its key"
    page_text = _(
        "Your old host signed something that you did not agree to, or that would leave it in"
        " control of your identity. Nothing was changed."
    )


def mail_code(account: Account, move: MoveIn) -> None:
    """Have the old host mail the code. Raises NotCopiedYet, OldHostFailed."""
    _check_copied(move)
    with old_session.opened(account, move) as old:
        old.mail_code()


def confirm_with_code(account: Account, move: MoveIn, code: str) -> None:
    """Have the old host sign, and hand it in. Raises NotCopiedYet, OldHostFailed, OtherOperation,
    TooManyKeys, and the errors of `owner_operations.submit`."""
    _check_copied(move)
    with old_session.opened(account, move) as old:
        _newest, data = updates.newest(account)
        due = after_move(account, data, without=old.rotation_keys())
        operation = old.sign(code, _fields(due))
    _check_is_asked_for(account, operation, due, data.rotation_keys)
    confirm(account, operation)


def unsigned(account: Account) -> plc.Operation:
    """The operation that a recovery key is to sign in the browser, for a page that is loaded over
    and over. Raises DirectoryUnavailable, TooManyKeys."""
    seen = directory.look(account)
    data = plc.data_of(seen.newest.operation) if seen.newest is not None else None
    if seen.problem is not None or seen.newest is None or data is None:
        raise updates.DirectoryUnavailable(
            "The PLC directory does not answer, or what it says does not hold"
        )
    return plc.update(after_move(account, data), seen.newest.cid)


def confirm_with_operation(account: Account, move: MoveIn, operation: object) -> None:
    """Hand in what the recovery key signed. Raises NotCopiedYet, and the errors of
    `owner_operations.submit`."""
    _check_copied(move)
    confirm(account, operation)


def confirm_document(account: Account, move: MoveIn) -> None:
    """A did:web's owner has changed the document. Raises NotCopiedYet."""
    _check_copied(move)
    _confirmed(account)


def has_key_of_others_above_ours(account: Account) -> bool:
    """Whether a key that came with another host outranks this host's, as far as is known here: the
    old host's own, when that one was gone and could not say which it is."""
    for key in held_keys(account, directory.last_known(account)):
        if key.holder is Holder.THIS_HOST:
            return False
        if key.holder is Holder.OTHER_HOST:
            return True
    return False


def _check_is_asked_for(
    account: Account, operation: object, due: PlcData, keys: Sequence[str]
) -> None:
    """The operation says what its owner agreed to, and the old host's key, which signed it (one of
    the DID's `keys`), rules no longer. Raises OtherOperation, ImproperOperation."""
    checked = owner_operations.assure_valid(operation)
    try:
        staying = set(due.rotation_keys) - {account.host.rotation_did_key}
        plc.signer_of(checked, [key for key in keys if key not in staying])
    except plc.InvalidSignature:
        raise OtherOperation from None
    if plc.data_of(checked) != due:
        raise OtherOperation


def confirm(account: Account, operation: object) -> None:
    """Hand in what was signed, and go on. Raises the errors of `owner_operations.submit`."""
    try:
        owner_operations.submit(account, operation)
    except (updates.UpdateTimeout, updates.DirectoryUnavailable):
        _confirmed(account)  # it goes on by itself, and so does the move
        raise
    _confirmed(account)


def _confirmed(account: Account) -> None:
    MoveIn.objects.filter(pk=account.pk).update(confirmed_at=timezone.now())
    copying.go_on(account.pk)


def _check_copied(move: MoveIn) -> None:
    if move.records_at is None:
        raise NotCopiedYet


def after_move(account: Account, data: PlcData, without: frozenset[str] = frozenset()) -> PlcData:
    """What the DID should say: as it does now, but for this host's name and keys. `without` are the
    old host's own keys. Raises TooManyKeys: which one to do without is its owner's to say."""
    due = owner_operations.recommended(account)
    own = [key for key in data.rotation_keys if key not in without | set(due.rotation_keys)]
    if len(own) + len(due.rotation_keys) > MAX_ROTATION_KEYS:
        raise TooManyKeys
    names = [name for name in data.also_known_as if not name.startswith(_AT)]
    return replace(
        data,
        rotation_keys=(*own, *due.rotation_keys),
        also_known_as=(*due.also_known_as, *names),
        verification_methods={**data.verification_methods, **due.verification_methods},
        services={**data.services, **due.services},
    )


def _fields(data: PlcData) -> Mapping[str, Any]:
    """As com.atproto.identity.signPlcOperation takes them."""
    operation = plc.update(data, prev=None)
    return {name: operation[name] for name in departures.FIELDS}
