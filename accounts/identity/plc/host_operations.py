"""PLC operations that an owner decides upon on our pages: made, signed and handed in by this host.

Source: com.atproto.identity.signPlcOperation, and as there a mailed code is used up. The row that
the directory is told of (`submit`) is written in the transaction that uses up the code, so a crash
neither loses a change nor makes one twice.
"""

from collections.abc import Callable

from django.db import IntegrityError, transaction

from accounts.authentication import email_codes
from accounts.identity.plc import control_check, owner_operations, updates
from accounts.models import Account, PlcOperation
from protocol.did import plc
from protocol.did.plc_data import PlcData


def publish(
    account: Account,
    code: str,
    changed: Callable[[PlcData], PlcData],
    alongside: Callable[[Account], None] = lambda _: None,
    **purpose: str,
) -> bool:
    """Change what the DID says, with a mailed code. `alongside` is done to the locked account in
    the transaction that decides; `purpose` as for `updates.write_down`. False: the directory has
    not confirmed it yet, and it goes on by itself.

    Call it outside of any transaction. Raises what `owner_operations.check_code` and `changed` do,
    ImproperOperation, NotOursToChange, UpdateRefused, and the errors of `updates.newest`.
    """
    owner_operations.check_code(account, code)
    newest, data = updates.newest(account)
    control_check.check_lives_here(account, data)
    signed = updates.signed(account, changed(data), newest)
    owner_operations.assure_valid(signed)
    try:
        operation = _written_down(account, code, signed, alongside, purpose)
    except IntegrityError:  # the same one was handed in at this moment (submitPlcOperation)
        operation = _written_down(account, code, signed, alongside, purpose)
    try:
        updates.await_publication(operation)
    except (updates.UpdateTimeout, updates.DirectoryUnavailable):
        return False
    return True


def _written_down(
    account: Account,
    code: str,
    signed: plc.Operation,
    alongside: Callable[[Account], None],
    purpose: dict[str, str],
) -> PlcOperation:
    """The operation's row, and the code used up. Raises InvalidToken, IntegrityError."""
    with transaction.atomic(durable=True):
        locked = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        email_codes.burn(locked, owner_operations.PURPOSE, code)
        alongside(locked)
        before = owner_operations.kept_row(account, signed)  # still open: it goes on
        return before or updates.write_down(account, signed, **purpose)
