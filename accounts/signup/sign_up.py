"""Sign-up: rows first, the directory second, the account opens third.

The first transaction writes the account (pending), its signing key and the signed genesis
operation; unique constraints decide races. The directory is told outside of any transaction
(`submit`), and its answer opens the account or takes it back. A sign-up that got no answer
stays pending for half an hour, and whoever repeats it with the same data goes on with it.
"""

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from accounts.authentication import email_address
from accounts.identity.plc import submit
from accounts.models import Account, PlcOperation
from accounts.signup import await_directory, did_web_sign_up, pending_account, policy, rules
from accounts.signup.rules import Admitted, SignUp
from hosting.models import Host
from server.database import connection

_PENDING = """
    SELECT 1 FROM account WHERE host_id = %s AND handle = %s AND email = %s AND opened_at IS NULL
"""
__all__ = ["SignUp", "sign_up"]


def sign_up(host: Host, wanted: SignUp) -> Account:
    """Make an account whose DID the PLC directory holds, and open it.

    Raises the errors of `policy` and `rules.check`, `HandleTaken` and `EmailRefused`
    for what is taken (losers of a race included), and those of `await_directory.await_account` when
    the directory is late, down or refuses. Source: com.atproto.server.createAccount.
    """
    policy.check_open(host, wanted)
    admitted = rules.check(host, wanted)
    operation = _pending_before(host, admitted)
    if operation is None:
        rules.check_free(host, admitted)
        policy.admit(host, wanted, admitted)
        if host.did_method == Host.DidMethod.WEB:
            hashed = make_password(admitted.password)
            return _welcomed(did_web_sign_up.open_account(host, admitted, hashed), wanted)
        operation = begin(host, admitted)
    submit.attempt_first(operation.pk)
    return _welcomed(await_directory.await_account(operation), wanted)


def _welcomed(account: Account, wanted: SignUp) -> Account:
    email_address.welcome(account, wanted.language)
    return account


def _pending_before(host: Host, wanted: Admitted) -> PlcOperation | None:
    """The operation of the same person's same sign-up, still waiting; made due at once."""
    if not connection.row(_PENDING, (host.pk, wanted.handle, wanted.email)):
        return None
    same = PlcOperation.objects.open().filter(
        account__host=host,
        account__handle=wanted.handle,
        account__email=wanted.email,
        account__opened_at__isnull=True,
        kind=PlcOperation.Kind.GENESIS,
    )
    before = same.select_related("account").first()
    if before is None or before.account is None or not _is_same(before, before.account, wanted):
        return None
    PlcOperation.objects.filter(pk=before.pk).make_due()
    return before


def _is_same(operation: PlcOperation, account: Account, wanted: Admitted) -> bool:
    """The right password, and no other recovery key than the one that was signed."""
    recovery_keys = operation.operation["rotationKeys"][:-1]
    return recovery_keys == pending_account.recovery_keys(account.host, wanted) and check_password(
        wanted.password, account.password
    )


def begin(host: Host, wanted: Admitted) -> PlcOperation:
    """Write the pending sign-up. `durable`: the directory must never be told of rows that could
    still be rolled back."""
    password = make_password(wanted.password)
    try:
        with transaction.atomic(durable=True):
            return pending_account.write(host, wanted, password)
    except IntegrityError as error:
        raise pending_account.lost_race(error, wanted) from error
