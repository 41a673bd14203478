"""The lock of second factors: five wrong codes close the way for five minutes, then for twice as
long each time, up to a day. A right code, wherever it is typed, takes everything back.

The count is a row, so that it holds over all processes and hosts, and its lock lets one code be
tried at a time. Passkeys cannot be guessed: they work while codes do not.
"""

import time
from datetime import timedelta
from typing import Final

from django.utils import timezone

from accounts.authentication.factors import alerts
from accounts.authentication.factors.alerts import Event
from accounts.authentication.factors.holders import Holder
from accounts.models import FactorAttempts
from hosting.limits.budgets import Budget, RateLimitExceeded

WRONG_MAX: Final = 5
FIRST_LOCK: Final = timedelta(minutes=5)
LONGEST_LOCK: Final = timedelta(days=1)


def lock(holder: Holder) -> FactorAttempts:
    """Their row, locked until the caller's transaction ends. Raises RateLimitExceeded while no code
    may be tried."""
    row = holder.attempts()
    if row.locked_until is not None and row.locked_until > timezone.now():
        raise _refusal(row.locked_until - timezone.now())
    return row


def count_wrong(holder: Holder, row: FactorAttempts) -> None:
    """One more wrong code; the fifth closes the way, which is told by mail: somebody knows the
    password."""
    row.wrong_count += 1
    if row.wrong_count >= WRONG_MAX:
        row.locked_until = timezone.now() + _lasts(row.lock_count)
        row.wrong_count, row.lock_count = 0, min(row.lock_count + 1, 20)
        alerts.send(holder, Event.LOCKED)
    row.save()


def forget(row: FactorAttempts) -> None:
    """The code was right."""
    row.wrong_count, row.lock_count, row.locked_until = 0, 0, None
    row.save()


def _lasts(locks_before: int) -> timedelta:
    lasts: timedelta = FIRST_LOCK * 2**locks_before
    return min(lasts, LONGEST_LOCK)


def _refusal(left: timedelta) -> RateLimitExceeded:
    budget = Budget(WRONG_MAX, int(FIRST_LOCK.total_seconds()))
    return RateLimitExceeded(budget, int(time.time() + left.total_seconds()) + 1)
