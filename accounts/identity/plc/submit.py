"""Submits operations to the PLC directory: one claimed attempt, no transaction open.

The row is the intent (`PlcOperation`). An attempt claims it by an update that must change exactly
one row, talks to the directory, and writes down what came of it. A time-out leaves the outcome
unknown, so every later attempt reads the DID's log before it posts again. Whoever calls, however
often: an operation is decided once.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.identity import adopt_update
from accounts.identity.keys import signing_keys
from accounts.identity.plc import client, rebase
from accounts.invites import codes
from accounts.models import Account, PlcOperation
from accounts.signals import account_opened
from hosting import celery

_LONGEST_PAUSE_S = {
    PlcOperation.Kind.GENESIS: 60,  # somebody is waiting
    PlcOperation.Kind.UPDATE: 60,
    PlcOperation.Kind.TOMBSTONE: 3600,
}
_SWEEP_BATCH = 200


class Undecided(Exception):
    """The operation is still pending: try again later."""


def submit(operation_id: int) -> None:
    """Make one attempt, when one is due. Safe to repeat and to run in two places at once.

    Raises `Undecided` while the operation stays pending. Whatever a receiver of `account_opened`
    raises passes through: nothing was opened then, and a later attempt finds the DID in the log.
    """
    operation = _claim(operation_id)
    if operation is None:
        return
    try:
        is_handed_in = _post_or_rebase(operation)
    except client.Refused as refusal:
        _refuse(operation_id, str(refusal))
    except client.Unsettled as outcome:
        _postpone(operation, outcome)
        raise Undecided(str(outcome)) from outcome
    else:
        if is_handed_in:
            _confirm(operation_id)
        else:
            submit(operation_id)  # on another predecessor; rebase.ATTEMPTS_MAX ends this


def wake(operation_id: int) -> None:
    """Have a worker submit the operation now; without a broker, do it in this thread.

    Call after the transaction that wrote the row. A lost wake-up costs seconds: the sweep and
    whoever waits for the operation both find it due.
    """
    if settings.VALKEY_URL:
        try:
            name = "accounts.tasks.publish_operation"
            celery.app.send_task(name, args=(operation_id,), retry=False)
        except OperationalError:
            pass
        else:
            return
    attempt(operation_id)


def attempt(operation_id: int) -> None:
    """`submit` for callers who look at the row afterwards anyway."""
    try:
        submit(operation_id)
    except Undecided:
        return


def wake_due() -> None:
    """The sweep: wake every operation whose time has come."""
    due = PlcOperation.objects.filter(
        state=PlcOperation.State.PENDING, next_attempt_at__lte=timezone.now()
    )
    for operation_id in due.order_by("next_attempt_at").values_list("pk", flat=True)[:_SWEEP_BATCH]:
        wake(operation_id)


def drop_pending_account(account: Account | None) -> None:
    """Take back a sign-up that came to nothing: handle and e-mail are free again."""
    if account is not None and account.opened_at is None:
        codes.give_back(account.host, account.did)
        account.delete()
        signing_keys.forget(account.host_id, account.did)


def lease() -> timedelta:
    """How long an attempt may take before another one is allowed: three requests and some."""
    return timedelta(seconds=3 * settings.PLC_TIMEOUT_S + 5)


def _claim(operation_id: int) -> PlcOperation | None:
    """The operation with the attempt counted, None when it is decided. Raises `Undecided`."""
    now = timezone.now()
    pending = PlcOperation.objects.filter(pk=operation_id, state=PlcOperation.State.PENDING)
    claimed = pending.filter(next_attempt_at__lte=now).update(
        attempts=F("attempts") + 1, next_attempt_at=now + lease(), last_failure=""
    )
    if claimed == 0 and pending.exists():
        raise Undecided("an attempt is under way, or the next one is not due")
    return PlcOperation.objects.get(pk=operation_id) if claimed else None


def _post_or_rebase(operation: PlcOperation) -> bool:
    """Whether the directory holds it; if not, it was made anew. Raises as `_post` does."""
    try:
        _post(operation)
    except client.Refused:
        if not rebase.rebase(operation):
            raise
        return False
    return True


def _post(operation: PlcOperation) -> None:
    """Return once the directory holds the operation. Raises `Refused`, `Unsettled`."""
    is_tombstone = operation.kind == PlcOperation.Kind.TOMBSTONE
    if operation.attempts > 1 or is_tombstone:
        newest_cid = client.newest_cid(operation.did)
        if newest_cid == operation.cid:
            return
        if is_tombstone and newest_cid is None:
            failure = PlcOperation.Failure.UNREACHABLE
            raise client.Unsettled(failure, "the directory does not know the DID")
    try:
        client.post(operation.did, operation.operation)
    except client.Refused:
        # An earlier post that timed out may have come in between our look and our post, and others
        # may have followed it.
        is_first = operation.attempts == 1 and operation.kind != PlcOperation.Kind.UPDATE
        if is_first or not client.holds(operation.did, operation.cid):
            raise


def _postpone(operation: PlcOperation, outcome: client.Unsettled) -> None:
    longest = _LONGEST_PAUSE_S[PlcOperation.Kind(operation.kind)]
    pause_s = min(2 ** min(operation.attempts - 1, 20), longest)
    PlcOperation.objects.filter(pk=operation.pk, state=PlcOperation.State.PENDING).update(
        next_attempt_at=timezone.now() + timedelta(seconds=pause_s),
        last_failure=outcome.failure,
        last_error=str(outcome)[:500],
    )


def _confirm(operation_id: int) -> None:
    """The directory holds it: decide, and open the account in the same transaction."""
    with transaction.atomic():
        operation = PlcOperation.objects.select_for_update().get(pk=operation_id)
        if operation.state != PlcOperation.State.PENDING:
            return  # withdrawn meanwhile; its tombstone is on the way
        _decide(operation, PlcOperation.State.PUBLISHED)
        if operation.kind == PlcOperation.Kind.GENESIS:
            _open(operation)
        elif operation.kind == PlcOperation.Kind.UPDATE:
            adopt_update.adopt(operation)


def _open(operation: PlcOperation) -> None:
    account = Account.objects.select_for_update().get(plc_operations=operation)
    account.opened_at = timezone.now()
    account.save(update_fields=["opened_at"])
    account.refresh_from_db(fields=["status"])  # Postgres derives it
    account_opened.send(sender=Account, account=account)


def _refuse(operation_id: int, reason: str) -> None:
    with transaction.atomic():
        operation = PlcOperation.objects.select_for_update().get(pk=operation_id)
        if operation.state != PlcOperation.State.PENDING:
            return
        operation.last_failure = PlcOperation.Failure.REFUSED
        operation.last_error = reason[:500]
        _decide(operation, PlcOperation.State.REFUSED)
        if operation.kind == PlcOperation.Kind.GENESIS:
            drop_pending_account(operation.account)


def _decide(operation: PlcOperation, state: PlcOperation.State) -> None:
    operation.state = state
    operation.decided_at = timezone.now()
    operation.save(update_fields=["state", "decided_at", "last_failure", "last_error"])
