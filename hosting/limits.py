"""How often somebody may try: passwords by name and address, sign-ups by address.

Source: the budgets that clients meet elsewhere (createSession 30 in five minutes and 300 a day,
createAccount 100 in five minutes); `RateLimit-*` as in draft-ietf-httpapi-ratelimit-headers.
Counters live in Valkey for all web processes together, under hashes; while it is away each process
counts for itself, so that nobody is locked out and nobody guesses for free.
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings

from hosting.models import Host
from protocol.errors import XrpcError

VALKEY_TIMEOUT_S = 0.5
REMEMBERED_MAX = 20_000  # counters a process keeps while Valkey is away


@dataclass(frozen=True)
class Budget:
    """So many attempts in windows of so many seconds; a window begins at a multiple of its length
    since the epoch."""

    limit: int
    window_s: int


@dataclass(frozen=True)
class Bucket:
    """One kind of attempt and all budgets that hold for it."""

    name: str
    budgets: tuple[Budget, ...]


_PASSWORDS = (Budget(30, 300), Budget(300, 86_400))
LOGIN = Bucket("login", _PASSWORDS)
STAFF_LOGIN = Bucket("staff-login", _PASSWORDS)
SIGN_UP = Bucket("sign-up", (Budget(100, 300),))


class RateLimitExceeded(XrpcError):
    """429: too many attempts; `resets_at` (unix seconds) is when the next may be made."""

    name = "RateLimitExceeded"
    status = 429

    def __init__(self, budget: Budget, resets_at: int) -> None:
        super().__init__("Rate Limit Exceeded")
        self.budget = budget
        self.resets_at = resets_at

    @property
    def headers(self) -> Mapping[str, str]:
        """What a client needs to wait for the right time."""
        return {
            "RateLimit-Limit": str(self.budget.limit),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(self.resets_at),
            "RateLimit-Policy": f"{self.budget.limit};w={self.budget.window_s}",
            "Retry-After": str(max(1, self.resets_at - int(time.time()))),
        }


def spend(bucket: Bucket, host: Host, *who: str) -> None:
    """Count one attempt of `who` (a name, an address) at a host. Raises `RateLimitExceeded`."""
    if not settings.RATE_LIMITS:
        return
    person = hashlib.sha256("\0".join(who).lower().encode(errors="replace")).hexdigest()
    now = int(time.time())
    for budget in bucket.budgets:
        ends_at = (now // budget.window_s + 1) * budget.window_s
        key = f"limit:{host.pk}:{bucket.name}:{budget.window_s}:{ends_at}:{person}"
        if _count(key, ends_at) > budget.limit:
            raise RateLimitExceeded(budget, ends_at)


def _count(key: str, ends_at: int) -> int:
    """One more; how many there are now."""
    try:
        with _valkey().pipeline(transaction=False) as pipeline:
            pipeline.incr(key)
            pipeline.expireat(key, ends_at)
            return int(pipeline.execute()[0])
    except redis.RedisError:
        return _own.count(key, ends_at)


@cache
def _valkey() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.VALKEY_URL or "redis://localhost",
        socket_timeout=VALKEY_TIMEOUT_S,
        socket_connect_timeout=VALKEY_TIMEOUT_S,
    )


class OwnCounters:
    """A process's own counters, bounded: the eldest windows go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[str, tuple[int, int]] = {}  # key -> when its window ends, count
        self._lock = threading.Lock()

    def count(self, key: str, ends_at: int) -> int:
        """One more; how many there are now."""
        with self._lock:
            if key not in self._counts and len(self._counts) >= self._most:
                self._make_room()
            counted = self._counts.get(key, (ends_at, 0))[1] + 1
            self._counts[key] = (ends_at, counted)
            return counted

    def _make_room(self) -> None:
        kept = sorted(self._counts.items(), key=lambda item: item[1][0])[self._most // 2 :]
        self._counts = dict(kept)


_own = OwnCounters(REMEMBERED_MAX)
