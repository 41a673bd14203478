"""Waits for a sign-up's DID: the caller's thread watches the row, holding no transaction.

A worker normally publishes within milliseconds. When none takes the operation up within a second
(workers busy, restarted, or none at all), the waiting thread does it itself; the claim makes sure
that there is one attempt at a time.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identity.plc import submit
from accounts.models import Account, PlcOperation
from protocol.errors import XrpcError

_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.1
_WORKERS_TURN = timedelta(seconds=1)
_ATTEMPTS_AT_A_DIRECTORY_THAT_IS_DOWN = 2


class DirectoryTimeout(XrpcError):
    """504: no answer yet. The sign-up is kept, and repeating it goes on with it."""

    name = "UpstreamTimeout"
    status = 504
    page_text = _(
        "The directory that registers new accounts has not answered yet. Nothing is lost: send the"
        " form again in a few minutes to go on where it stopped."
    )


class DirectoryDown(XrpcError):
    """502: the directory cannot be reached. The sign-up is kept, as with `DirectoryTimeout`."""

    name = "UpstreamFailure"
    status = 502
    page_text = _(
        "The directory that registers new accounts cannot be reached at the moment. Nothing is"
        " lost: send the form again in a few minutes to go on where it stopped."
    )


class DirectoryRefused(XrpcError):
    """502: the directory would not register the DID. Nothing of the sign-up is kept."""

    name = "UpstreamFailure"
    status = 502


def await_account(operation_id: int) -> Account:
    """The opened account of a genesis operation, within `settings.PLC_AWAIT_S` seconds.

    Raises `DirectoryTimeout`, `DirectoryDown` (still pending) or `DirectoryRefused` (gone).
    """
    deadline = time.monotonic() + settings.PLC_AWAIT_S
    operation = PlcOperation.objects.get(pk=operation_id)
    attempts_before = operation.attempts
    pause_s = _FIRST_PAUSE_S
    while operation.state == PlcOperation.State.PENDING:
        if time.monotonic() > deadline:
            raise DirectoryTimeout(
                "The PLC directory has not confirmed the new DID yet. Nothing is lost: repeat the"
                " same sign-up in a few minutes to go on with it."
            )
        if _is_down(operation, attempts_before):
            raise DirectoryDown(
                "The PLC directory cannot be reached at the moment. Nothing is lost: repeat the"
                " same sign-up in a few minutes to go on with it."
            )
        if operation.next_attempt_at < timezone.now() - _WORKERS_TURN:
            submit.attempt(operation_id)
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        operation.refresh_from_db()
    return _opened(operation)


def _is_down(operation: PlcOperation, attempts_before: int) -> bool:
    """Do not keep a web thread for 25 seconds when nobody is there to answer."""
    attempts = operation.attempts - attempts_before
    is_unreachable = operation.last_failure == PlcOperation.Failure.UNREACHABLE
    return is_unreachable and attempts >= _ATTEMPTS_AT_A_DIRECTORY_THAT_IS_DOWN


def _opened(operation: PlcOperation) -> Account:
    if operation.state == PlcOperation.State.PUBLISHED:
        return Account.objects.select_related("host").get(plc_operations=operation)
    if operation.state == PlcOperation.State.REFUSED:
        raise DirectoryRefused(
            f"The PLC directory refused to register the new DID: {operation.last_error}"
        )
    raise DirectoryTimeout(
        "The PLC directory did not confirm the new DID in time. Please sign up again."
    )
