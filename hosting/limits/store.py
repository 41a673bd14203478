"""The shared counters of rate limits: one atomic script on Valkey for all of a request.

Keys hold a hash instead of names and addresses, and share a hash tag per host, so that a cluster
keeps what one script touches on one node. Valkey that is away or hangs costs one request a quarter
of a second; until it answers again nobody waits for it (`Unavailable` at once).
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from hosting.limits.counters import Key

TIMEOUT_S = 0.25
RETRY_S = 1.0  # after a failure nobody asks for so long

# Per key four numbers: points owed (taken whatever the limit), points wanted, limit, window in ms.
# All that is wanted fits, or nothing of it is taken. Answers: the number of the first budget that
# is used up (0: none), then per key the count and the milliseconds to its end.
_SPEND = """
local refused, counts = 0, {}
for i, key in ipairs(KEYS) do
  local owed, wanted, limit = tonumber(ARGV[4*i-3]), tonumber(ARGV[4*i-2]), tonumber(ARGV[4*i-1])
  counts[i] = math.max(0, tonumber(redis.call('GET', key) or '0') + owed)
  if refused == 0 and wanted > 0 and counts[i] + wanted > limit then refused = i end
end
local answer = {refused}
for i, key in ipairs(KEYS) do
  local owed, wanted, window = tonumber(ARGV[4*i-3]), tonumber(ARGV[4*i-2]), tonumber(ARGV[4*i])
  if refused == 0 then counts[i] = counts[i] + wanted end
  local left = redis.call('PTTL', key)
  if left < 0 then left = window end
  if owed ~= 0 or (refused == 0 and wanted ~= 0) then
    redis.call('SET', key, counts[i], 'PX', left)
  end
  answer[2*i], answer[2*i+1] = counts[i], left
end
return answer
"""


class Unavailable(Exception):
    """Valkey does not answer, or there is none: each process counts for itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one budget is asked for: `owed` points are taken in any case, `wanted` if all fit."""

    key: Key
    owed: int
    wanted: int
    limit: int


@dataclass(frozen=True, slots=True)
class StoredCount:
    """What Valkey says: the count after, and for how many seconds the window still runs."""

    count: int
    ends_in_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refused` is the place of the first budget that is used up, or None."""

    refused: int | None
    told: Sequence[StoredCount]


class Store:
    """The shared counters, and the memory of when they failed."""

    def __init__(self) -> None:
        self._is_away = False
        self._retry_at = 0.0

    @property
    def is_configured(self) -> bool:
        """Whether there is a Valkey at all; without one each process counts for itself."""
        return bool(settings.VALKEY_URL)

    def spend(self, asked: Sequence[Asked]) -> Verdict:
        """Take points of one host's budgets, all that are wanted or none. Raises Unavailable."""
        if self._is_away or not self.is_configured:
            raise Unavailable
        return self.run(asked)

    def flush(self, asked: Sequence[Asked]) -> Verdict:
        """Take what is owed. It alone tries again after a failure, so that no request waits for
        that. Raises Unavailable."""
        if not self.is_configured or (self._is_away and time.monotonic() < self._retry_at):
            raise Unavailable
        return self.run(asked)

    def run(self, asked: Sequence[Asked]) -> Verdict:
        """Ask the script, all keys in one call."""
        numbers = [
            number
            for each in asked
            for number in (each.owed, each.wanted, each.limit, each.key[2] * 1000)
        ]
        try:
            answer = _script(settings.VALKEY_URL)([key_text(each.key) for each in asked], numbers)
        except redis.RedisError as failure:
            self._is_away, self._retry_at = True, time.monotonic() + RETRY_S
            raise Unavailable from failure
        self._is_away = False
        refused, *pairs = cast("list[int]", answer)
        told = [StoredCount(pairs[at], pairs[at + 1] / 1000) for at in range(0, len(pairs), 2)]
        return Verdict(refused - 1 if refused else None, told)


def key_text(key: Key) -> str:
    """A counter's name at Valkey, which says nothing of whose it is."""
    host_id, bucket, window_s, who = key
    person = hashlib.sha256("\0".join(who).encode(errors="replace")).hexdigest()
    return f"limit:{{{host_id}}}:{bucket}:{window_s}:{person}"


@cache
def _script(url: str) -> "redis.commands.core.Script":
    client = redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        # Once more at once when the connection was cut (a restart), not when Valkey hangs
        retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        retry_on_error=[redis.ConnectionError],
    )
    return client.register_script(_SPEND)
