"""Counters of one process: how much is spent, and what Valkey has not heard of yet.

A counter is `total`, as Valkey last told it, and `pending`, spent here since. While a budget is far
from used up (`is_calm`), a bucket with slack is counted here alone and reported a quarter of a
second later; near its end every attempt asks. Without Valkey the same counters refuse.
"""

import math
import threading
from collections.abc import Iterable

from hosting.limits.budgets import Bucket, Budget, BudgetState, Charge, RateLimitExceeded

CALM_PART = 0.9  # of a budget: beyond it every attempt asks Valkey
HEARD_S = 1.0  # a refusal that Valkey gave so lately is repeated without asking again

Key = tuple[int, str, int, tuple[str, ...]]  # host, bucket, window, who


class Counter:
    """One budget of somebody at a host. Touched under the lock of `Counters` only."""

    __slots__ = (
        "budget", "calm_until", "heard_at", "key", "pending", "resets_at", "slack", "total"
    )  # fmt: skip

    def __init__(self, bucket: Bucket, budget: Budget, key: Key, now: float) -> None:
        self.budget = budget
        self.slack = bucket.slack
        self.calm_until = budget.limit * CALM_PART
        self.key = key
        self.total = 0
        self.pending = 0
        self.heard_at = 0.0
        self.resets_at = now + budget.window_s

    def has_room(self, points: int) -> bool:
        """Whether the points fit, as far as this process knows."""
        return self.total + self.pending + points <= self.budget.limit

    def is_calm(self, points: int) -> bool:
        """Whether the points may be counted here and reported later."""
        pending = self.pending + points
        return pending <= self.slack and self.total + pending <= self.calm_until

    @property
    def remaining(self) -> int:
        """Points left, as far as this process knows."""
        return max(0, self.budget.limit - self.total - self.pending)

    def state(self) -> BudgetState:
        return BudgetState(self.budget, self.remaining, math.ceil(self.resets_at))

    def refusal(self) -> RateLimitExceeded:
        return RateLimitExceeded(self.budget, math.ceil(self.resets_at))


class Counters:
    """A process's counters, bounded: those whose windows end first go first."""

    def __init__(self, most: int) -> None:
        self.lock = threading.Lock()
        self._most = most
        self._by_key: dict[Key, Counter] = {}
        self._untold: dict[Key, Counter] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def of(self, host_id: int, charge: Charge, now: float) -> list[Counter]:
        """The counters that a charge touches, new ones where a window is over."""
        bucket = charge.bucket
        touched = []
        for budget in bucket.budgets:
            key = (host_id, bucket.name, budget.window_s, charge.who)
            counter = self._by_key.get(key)
            if counter is None or counter.resets_at <= now:
                counter = self._opened(Counter(bucket, budget, key, now))
            touched.append(counter)
        return touched

    def hold(self, counter: Counter, points: int) -> None:
        """Count points here that Valkey is to be told of later; negative ones are given back."""
        counter.pending += points
        self._untold[counter.key] = counter

    def unflushed(self, now: float) -> list[Counter]:
        """Those that hold points Valkey has not heard of, in windows that still run; each is
        handed out once."""
        found = [each for each in self._untold.values() if each.pending and each.resets_at > now]
        self._untold.clear()
        return found

    def _opened(self, counter: Counter) -> Counter:
        if len(self._by_key) >= self._most:
            self._make_room()
        self._by_key[counter.key] = counter
        return counter

    def _make_room(self) -> None:
        by_end = sorted(self._by_key.values(), key=lambda counter: counter.resets_at)
        self._by_key = {counter.key: counter for counter in by_end[self._most // 2 :]}
        self._untold = {key: each for key, each in self._untold.items() if key in self._by_key}


def tightest(counters: Iterable[Counter]) -> BudgetState:
    """How the budget with the fewest points left stands."""
    return min(counters, key=lambda counter: counter.remaining).state()
