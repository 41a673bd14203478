"""Fair queueing: per-client shares (a bulkhead) of a bounded number of threads.

A client never has more than `threads // (1 + clients that ask)` jobs under way, at least one, so
that there is room for one client more. When all threads are busy, only a client with nothing under
way is served, by one of the additional threads up to `most`. Among those who wait the one with the
fewest jobs under way comes first, then the one who used the least time of late, to the second, then
the one who waits for the fewest. All clients of one wider network (server.net.client_networks)
together have at most half of `most`.

Not safe for threads by itself: pools of threads hold a lock around every call.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

from server.net.client_networks import Client

HALF_LIFE_S = 60.0  # of the time that a client used
FORGOTTEN_S = 0.1  # so little of it is no matter

T = TypeVar("T")


class QueueIsFull(Exception):
    """The client, or everybody together, waits for too much already."""


@dataclass(slots=True)
class _Share(Generic[T]):
    client: Client
    waiting: deque[T] = field(default_factory=deque)
    running: int = 0


class FairQueue(Generic[T]):
    """Jobs that wait, by client, and how many of each client's are under way."""

    def __init__(
        self,
        threads: int,
        most: int,
        waiting_max: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.workers = threads
        self._wide_max = max(1, most // 2)
        self._waiting_max = waiting_max
        self._each_max = threads + max(1, waiting_max // 8)
        self._clock = clock
        self._shares: dict[str, _Share[T]] = {}
        self._running_wide: Counter[str] = Counter()
        self._used_s: dict[str, float] = {}
        self._forget_at = clock() + HALF_LIFE_S
        self.waiting = 0
        self.running = 0

    def push(self, client: Client, job: T) -> T | None:
        """Let a job wait. When too many wait altogether, the newest job of whoever waits for most
        is returned: it gives way. Raises QueueIsFull."""
        share = self._shares.get(client.name) or _Share(client)
        if len(share.waiting) + share.running >= self._each_max:
            raise QueueIsFull
        displaced = self._make_room(share) if self.waiting >= self._waiting_max else None
        self._shares[client.name] = share
        share.waiting.append(job)
        self.waiting += 1
        return displaced

    def take(self) -> tuple[Client, T] | None:
        """The next job that may run now; `done` has to follow. None when there is none."""
        able = list(self._able())
        if not able:
            return None
        share = min(able, key=self._place)
        self._count(share, 1)
        self.waiting -= 1
        return share.client, share.waiting.popleft()

    def has_next(self) -> bool:
        """Whether `take` would find a job."""
        return self.waiting > 0 and next(self._able(), None) is not None

    def done(self, client: Client, took_s: float) -> None:
        """A job of the client has ended."""
        now = self._clock()
        if now >= self._forget_at:
            halves = ((name, used_s / 2) for name, used_s in self._used_s.items())
            self._used_s = {name: used_s for name, used_s in halves if used_s > FORGOTTEN_S}
            self._forget_at = now + HALF_LIFE_S
        self._used_s[client.name] = self._used_s.get(client.name, 0.0) + took_s
        share = self._shares[client.name]
        self._count(share, -1)
        self._forget_if_gone(share)

    def discard(self, client: Client, job: T) -> bool:
        """A job is not wanted any more; whether it still waited."""
        share = self._shares.get(client.name)
        if share is None or job not in share.waiting:
            return False
        share.waiting.remove(job)
        self.waiting -= 1
        self._forget_if_gone(share)
        return True

    def __len__(self) -> int:
        """How many clients wait or have something under way."""
        return len(self._shares)

    def _able(self) -> Iterator[_Share[T]]:
        """Those with a job that may run now."""
        share_max = max(1, self.workers // (1 + len(self._shares)))
        if self.running >= self.workers:
            share_max = 1  # an additional thread: for those with nothing under way
        for share in self._shares.values():
            is_below = share.waiting and share.running < share_max
            if is_below and self._running_wide[share.client.wide] < self._wide_max:
                yield share

    def _place(self, share: _Share[T]) -> tuple[int, int, int]:
        """Its place among those who wait: the lowest is next."""
        used_s = self._used_s.get(share.client.name, 0.0)
        return share.running, int(used_s), len(share.waiting)

    def _count(self, share: _Share[T], more: int) -> None:
        wide = share.client.wide
        share.running += more
        self.running += more
        self._running_wide[wide] += more
        if not self._running_wide[wide]:
            del self._running_wide[wide]

    def _make_room(self, newcomer: _Share[T]) -> T:
        longest = max(self._shares.values(), key=lambda share: len(share.waiting))
        if len(longest.waiting) <= len(newcomer.waiting) + 1:
            raise QueueIsFull
        self.waiting -= 1
        return longest.waiting.pop()

    def _forget_if_gone(self, share: _Share[T]) -> None:
        if not share.waiting and not share.running:
            self._shares.pop(share.client.name, None)
