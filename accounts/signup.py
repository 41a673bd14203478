"""Signing up: rows first, the directory second, the account opens third.

The first transaction writes the account (pending), its signing key and the signed genesis
operation; unique constraints decide races. The directory is told outside of any transaction
(`publishing`), and its answer opens the account or takes it back. A sign-up that got no answer
stays pending for half an hour, and whoever repeats it with the same data goes on with it.
"""

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import admission, keys, opening, publishing
from accounts.admission import Admitted, SignUp
from accounts.models import Account, PlcOperation
from hosting.models import Host
from protocol import plc

__all__ = ["SignUp", "sign_up"]


def sign_up(host: Host, wish: SignUp) -> Account:
    """Make an account whose DID the PLC directory holds, and open it.

    Raises the errors of `admission.check`, `HandleTaken` and `EmailRefused` for what is taken
    (losers of a race included), and those of `opening.await_account` when the directory is late,
    down or refuses. Source: com.atproto.server.createAccount.
    """
    admitted = admission.check(host, wish)
    operation = _pending_before(host, admitted)
    if operation is None:
        admission.check_free(host, admitted)
        operation = _begin(host, admitted)
    publishing.wake(operation.pk)
    return opening.await_account(operation.pk)


def _pending_before(host: Host, wish: Admitted) -> PlcOperation | None:
    """The operation of the same person's same sign-up, still waiting; made due at once."""
    operation = PlcOperation.objects.filter(
        account__host=host,
        account__handle=wish.handle,
        account__email=wish.email,
        account__opened_at__isnull=True,
        kind=PlcOperation.Kind.GENESIS,
        state=PlcOperation.State.PENDING,
    ).select_related("account")
    before = operation.first()
    if before is None or before.account is None or not _is_same(before, before.account, wish):
        return None
    # An attempt that is under way has no failure yet and keeps its lease.
    idle = PlcOperation.objects.filter(pk=before.pk, state=PlcOperation.State.PENDING)
    idle.exclude(last_failure="").update(next_attempt_at=timezone.now())
    return before


def _is_same(operation: PlcOperation, account: Account, wish: Admitted) -> bool:
    """The right password, and no other recovery key than the one that was signed."""
    recovery_keys = operation.operation["rotationKeys"][:-1]
    return recovery_keys == _recovery_keys(account.host, wish) and check_password(
        wish.password, account.password
    )


def _begin(host: Host, wish: Admitted) -> PlcOperation:
    """Write the pending sign-up. `durable`: the directory must never be told of rows that could
    still be rolled back."""
    password = make_password(wish.password)
    try:
        with transaction.atomic(durable=True):
            signing_key = keys.new_signing_key()
            operation = _genesis(host, wish, signing_key.did_key)
            account = Account.objects.create(
                host=host,
                did=plc.did_of(operation),
                handle=wish.handle,
                email=wish.email,
                password=password,
                signing_did_key=signing_key.did_key,
            )
            return PlcOperation.objects.create(
                did=account.did,
                account=account,
                kind=PlcOperation.Kind.GENESIS,
                operation=operation,
                cid=plc.cid_of(operation),
                next_attempt_at=timezone.now(),
            )
    except IntegrityError as error:
        raise _lost_race(error, wish) from error


def _genesis(host: Host, wish: Admitted, signing_did_key: str) -> plc.Operation:
    rotation_keys = [*_recovery_keys(host, wish), host.rotation_did_key]
    genesis = plc.genesis(rotation_keys, signing_did_key, wish.handle, host.origin)
    return plc.sign(genesis, keys.rotation_key(host))


def _recovery_keys(host: Host, wish: Admitted) -> list[str]:
    """The user's own key ranks first; our own again would be a duplicate, which did:plc refuses."""
    own = wish.recovery_key
    return [own] if own and own != host.rotation_did_key else []


def _lost_race(error: IntegrityError, wish: Admitted) -> Exception:
    """What the loser of a race is told; any other broken constraint stays what it is."""
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    if constraint == "account_handle_is_unique":
        return admission.handle_taken(wish)
    if constraint == "account_email_is_unique_a_host":
        return admission.email_taken(wish)
    return error
