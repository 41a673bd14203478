"""Sign-up: rows first, the directory second, the account opens third.

The first transaction writes the account (pending), its signing key and the signed genesis
operation; unique constraints decide races. The directory is told outside of any transaction
(`submit`), and its answer opens the account or takes it back. A sign-up that got no answer
stays pending for half an hour, and whoever repeats it with the same data goes on with it.
"""

from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from accounts.authentication import email_address
from accounts.authentication.credential_rules import EmailTaken
from accounts.identity.handles.allocation import HandleTaken
from accounts.identity.plc import submit
from accounts.models import Account, PlcOperation
from accounts.signup import await_directory, did_web_sign_up, pending_account, policy, rules
from accounts.signup.rules import Admitted, SignUp
from hosting.models import Host

__all__ = ["SignUp", "sign_up"]


def sign_up(host: Host, wanted: SignUp, *, is_by_staff: bool = False) -> Account:
    """Make an account whose DID the PLC directory holds, and open it; one that the host's own staff
    or provider make passes every admission policy.

    Raises the errors of `policy` and `rules.check`, `HandleTaken` and `EmailRefused`
    for what is taken (losers of a race included), and those of `await_directory.await_account` when
    the directory is late, down or refuses. Source: com.atproto.server.createAccount.
    """
    if not is_by_staff:
        policy.check_open(host, wanted)
    admitted = rules.check(host, wanted)
    operation = _unfinished(host, admitted)
    if operation is None:
        if not is_by_staff:
            policy.admit(host, wanted, admitted)
        if host.did_method == Host.DidMethod.WEB:
            hashed = make_password(admitted.password)
            return _welcomed(did_web_sign_up.open_account(host, admitted, hashed), wanted)
        operation = begin(host, admitted, submit.lease())
    account = submit.attempt_first(operation) or await_directory.await_account(operation)
    account.host = host  # as the request has it, with tenant and domains
    return _welcomed(account, wanted)


def _welcomed(account: Account, wanted: SignUp) -> Account:
    email_address.welcome(account, wanted.language)
    return account


def _unfinished(host: Host, wanted: Admitted) -> PlcOperation | None:
    """The operation of the same person's same sign-up, still waiting. Raises `HandleTaken`,
    `EmailTaken` for what is somebody else's."""
    try:
        rules.check_free(host, wanted)
    except (HandleTaken, EmailTaken):
        operation = _pending_before(host, wanted)
        if operation is None:
            raise
        return operation
    return None


def _pending_before(host: Host, wanted: Admitted) -> PlcOperation | None:
    """The same, or None; made due at once."""
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


def begin(host: Host, wanted: Admitted, lease: timedelta | None = None) -> PlcOperation:
    """Write the pending sign-up; with a `lease` the caller makes the first attempt. `durable`: the
    directory must never be told of rows that could still be rolled back."""
    password = make_password(wanted.password)
    try:
        with transaction.atomic(durable=True):
            return pending_account.write(host, wanted, password, lease)
    except IntegrityError as error:
        raise pending_account.lost_race(error, wanted) from error
