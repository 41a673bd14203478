"""Awaits what the PLC directory says: the caller's thread watches the row, holding no transaction.

The first attempt was made before (`submit.attempt_first`), and a worker makes the next ones. When
none takes the operation up within a second of its time (workers busy, restarted, or none at all),
the waiting thread does it itself; the claim makes sure that there is one attempt at a time.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.identity.plc import submit
from accounts.models import PlcOperation
from protocol.errors import XrpcError
from server.jobs import polling

_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.1
_WORKERS_TURN = timedelta(seconds=1)
_ATTEMPTS_AT_A_DIRECTORY_THAT_IS_DOWN = 2


def await_decision(operation: PlcOperation, *, too_slow: XrpcError, down: XrpcError) -> None:
    """Return once the operation, as it was when the wait began, is decided; it is read anew.

    Raises `too_slow` after `settings.PLC_AWAIT_S`, and `down` sooner, when nobody is there to
    answer: no web thread should wait for that. The operation goes on by itself.
    """
    is_first_ours = operation.claimed_s is not None  # made by this thread: it counts
    attempts_before = operation.attempts - is_first_ours
    for _ in polling.turns(settings.PLC_AWAIT_S, _FIRST_PAUSE_S, _LONGEST_PAUSE_S):
        operation.refresh_from_db()
        if not operation.is_open:
            return
        is_unreachable = operation.last_failure == PlcOperation.Failure.UNREACHABLE
        attempts = operation.attempts - attempts_before
        if is_unreachable and attempts >= _ATTEMPTS_AT_A_DIRECTORY_THAT_IS_DOWN:
            raise down
        if operation.next_attempt_at < timezone.now() - _WORKERS_TURN:
            submit.attempt(operation.pk)
    raise too_slow
