"""Submits operations to the PLC directory: one claimed attempt, no transaction open.

The row is the intent (`PlcOperation`), a durable job. An attempt claims it, talks to the
directory, and writes down what came of it. A time-out leaves the outcome
unknown, so every later attempt reads the DID's log before it posts again. Whoever calls, however
often: an operation is decided once.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.identity import adopt_update
from accounts.identity.keys import signing_keys
from accounts.identity.plc import client, rebase
from accounts.invites import codes
from accounts.models import Account, PlcOperation
from accounts.signals import account_opened
from server.database import connection, model_rows
from server.jobs.back_off import pause_after
from server.jobs.queue import Queue

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = {
    PlcOperation.Kind.GENESIS: timedelta(minutes=1),  # somebody is waiting
    PlcOperation.Kind.UPDATE: timedelta(minutes=1),
    PlcOperation.Kind.TOMBSTONE: timedelta(hours=1),
}


class Undecided(Exception):
    """The operation is still pending: try again later."""


def submit(operation_id: int) -> None:
    """Make one attempt, when one is due. Safe to repeat and to run in two places at once.

    Raises `Undecided` while the operation stays pending. Whatever a receiver of `account_opened`
    raises passes through: nothing was opened then, and a later attempt finds the DID in the log.
    """
    operation = _claim(operation_id)
    if operation is not None:
        _attempt(operation)


def _attempt(operation: PlcOperation) -> Account | None:
    """One attempt at a claimed operation; the account that opened with it. Raises as `submit`."""
    try:
        is_handed_in = _post_or_rebase(operation)
    except client.Refused as refusal:
        _refuse(operation, str(refusal))
    except client.Unsettled as outcome:
        _postpone(operation, outcome)
        raise Undecided(str(outcome)) from outcome
    else:
        if is_handed_in:
            return confirm(operation)
        submit(operation.pk)  # on another predecessor; rebase.ATTEMPTS_MAX ends this
    return None


def attempt(operation_id: int) -> None:
    """`submit` for callers who look at the row afterwards anyway."""
    with suppress(Undecided):
        submit(operation_id)


def attempt_first(operation: PlcOperation) -> Account | None:
    """Make the first attempt in this thread, which waits for the outcome anyway; when it decides
    nothing, a worker goes on. The account that opened with it: nobody has to look at the row."""
    try:
        if operation.claimed_s is not None:
            return _attempt(operation)
        submit(operation.pk)
    except Undecided:
        queue.wake(operation.pk)
    return None


queue: Final = Queue(PlcOperation, "accounts.tasks.publish_operation", attempt)


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
    claimed = PlcOperation.objects.claim(operation_id, lease(), last_failure="")
    if claimed is None and PlcOperation.objects.open().filter(pk=operation_id).exists():
        raise Undecided("an attempt is under way, or the next one is not due")
    return claimed


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
    longest = _LONGEST_PAUSE[PlcOperation.Kind(operation.kind)]
    again_at = timezone.now() + pause_after(operation.attempts, _FIRST_PAUSE, longest)
    operation.postpone(again_at, str(outcome), last_failure=outcome.failure)


def confirm(operation: PlcOperation) -> Account | None:
    """The directory holds it: decide, and open the account, if there is one to open, in the same
    transaction."""
    with transaction.atomic():
        if not operation.finish(PlcOperation.State.PUBLISHED):
            return None  # withdrawn meanwhile; its tombstone is on the way
        if operation.kind == PlcOperation.Kind.GENESIS:
            return _open(operation)
        if operation.kind == PlcOperation.Kind.UPDATE:
            adopt_update.adopt(operation)
        return None


def _open(operation: PlcOperation) -> Account:
    columns = ", ".join(model_rows.columns(Account))  # the status too, which Postgres derives
    sql = f"UPDATE account SET opened_at = %s WHERE id = %s RETURNING {columns}"  # noqa: S608 - constants only
    row = connection.row(sql, (timezone.now(), operation.account_id))
    if row is None:
        raise Account.DoesNotExist
    account = model_rows.instance(Account, row)
    # a sign-up's handle is under a domain of the host: nobody has to look for one of their own
    Account._meta.get_field("custom_handle").set_cached_value(account, None)
    account_opened.send(sender=Account, account=account)
    return account


def _refuse(operation: PlcOperation, reason: str) -> None:
    refused = PlcOperation.Failure.REFUSED
    with transaction.atomic():
        is_ours = operation.finish(PlcOperation.State.REFUSED, reason, last_failure=refused)
        if is_ours and operation.kind == PlcOperation.Kind.GENESIS:
            drop_pending_account(operation.account)
