"""Rate limits of a DID's operations: by hour, day and week.

Source: the public directory's code (`enforceOpsRateLimit`), which answers 400 and not 429. A
recovery is never counted out, so that an attacker cannot lock the owner out by filling the log.
"""

from datetime import datetime, timedelta

from protocol.did.plc import Log
from protocol.errors import XrpcError

_LIMITS = (
    ("hour", timedelta(hours=1), 10),
    ("day", timedelta(days=1), 30),
    ("week", timedelta(weeks=1), 100),
)


class TooManyOperations(XrpcError):
    """400: the DID has used up its operations for this hour, day or week."""

    def __init__(self, period: str, limit: int) -> None:
        super().__init__(f"Too many operations within last {period} (max {limit})")
        self.period = period
        self.limit = limit


def check_rate(log: Log, now: datetime) -> None:
    """Raises TooManyOperations when one more operation would be over a limit."""
    times = [entry.created_at for entry in log.not_nullified]
    for period, length, limit in _LIMITS:
        if sum(time > now - length for time in times) >= limit:
            raise TooManyOperations(period, limit)
