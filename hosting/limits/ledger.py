"""The ledger of rate limits: counts in memory while that is exact enough, else at Valkey.

The hot path (a read by an address far from its limit) is one look-up and one addition in memory.
What was counted here alone is told to Valkey by a thread, four times a second, in one script per
host; so is all that was counted while Valkey was away.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from hosting.limits.budgets import BudgetState, Charge, RateLimitExceeded
from hosting.limits.counters import HEARD_S, Counter, Counters, tightest
from hosting.limits.store import Asked, Store, Unavailable, Verdict

KNOWN_MAX = 50_000  # counters a process keeps
FLUSH_EVERY_S = 0.25
FLUSH_BATCH = 500  # budgets in one script

Wanted = list[tuple[Counter, int]]


class Ledger:
    """A process's way to all budgets."""

    def __init__(self, store: Store, most: int = KNOWN_MAX) -> None:
        self._store = store
        self._counters = Counters(most)
        self._has_unflushed = threading.Event()
        self._flusher: threading.Thread | None = None

    def spend(self, host_id: int, charges: Iterable[Charge]) -> BudgetState:
        """Take all charges or none; how the tightest of their budgets stands. Raises
        RateLimitExceeded."""
        now = time.time()
        with self._counters.lock:
            wanted: Wanted = []
            is_calm = True
            for charge in charges:
                points = charge.points
                for counter in self._counters.of(host_id, charge, now):
                    wanted.append((counter, points))
                    is_calm = is_calm and counter.is_calm(points)
            if is_calm:
                return self._take_here(wanted)
            _refuse_again(wanted, now)
            asked = [_asked(counter, points) for counter, points in wanted]
        return self._ask(wanted, asked)

    def note(self, host_id: int, charges: Iterable[Charge]) -> BudgetState:
        """As `spend`, by what this process knows and without ever waiting for Valkey, which is told
        a quarter of a second later. Raises RateLimitExceeded."""
        now = time.time()
        with self._counters.lock:
            wanted: Wanted = [
                (counter, charge.points)
                for charge in charges
                for counter in self._counters.of(host_id, charge, now)
            ]
            for counter, points in wanted:
                if not counter.has_room(points):
                    raise counter.refusal()
            return self._take_here(wanted)

    def refusal_of(self, host_id: int, charges: Iterable[Charge]) -> RateLimitExceeded | None:
        """What `note` would raise now. Nothing is taken."""
        now = time.time()
        with self._counters.lock:
            for charge in charges:
                for counter in self._counters.of(host_id, charge, now):
                    if not counter.has_room(charge.points):
                        return counter.refusal()
        return None

    def refund(self, host_id: int, charges: Iterable[Charge]) -> None:
        """Undo a `spend`, within a quarter of a second."""
        now = time.time()
        with self._counters.lock:
            for charge in charges:
                for counter in self._counters.of(host_id, charge, now):
                    self._counters.hold(counter, -charge.points)
        self._wake_flusher()

    def flush(self) -> None:
        """Tell Valkey what was counted here alone; kept for later while it is away."""
        now = time.time()
        by_host: dict[int, list[Counter]] = defaultdict(list)
        with self._counters.lock:
            for counter in self._counters.unflushed(now):
                by_host[counter.key[0]].append(counter)
        for counters in by_host.values():
            for at in range(0, len(counters), FLUSH_BATCH):
                self._flush([(counter, 0) for counter in counters[at : at + FLUSH_BATCH]])

    def _take_here(self, wanted: Wanted) -> BudgetState:
        for counter, points in wanted:
            self._counters.hold(counter, points)
        self._wake_flusher()
        return tightest([counter for counter, _ in wanted])

    def _ask(self, wanted: Wanted, asked: Sequence[Asked]) -> BudgetState:
        try:
            verdict = self._store.spend(asked)
        except Unavailable:
            return self._take_without_valkey(wanted, asked)
        with self._counters.lock:
            _update(wanted, verdict)
            if verdict.refused is not None:
                raise wanted[verdict.refused][0].refusal()
            return tightest(counter for counter, _ in wanted)

    def _take_without_valkey(self, wanted: Wanted, asked: Sequence[Asked]) -> BudgetState:
        with self._counters.lock:
            self._restore_pending(wanted, asked)
            for counter, points in wanted:
                if points and not counter.has_room(points):
                    raise counter.refusal()
            return self._take_here(wanted)

    def _flush(self, counters: Wanted) -> None:
        with self._counters.lock:
            asked = [_asked(counter, 0) for counter, _ in counters]
        try:
            verdict = self._store.flush(asked)
        except Unavailable:
            with self._counters.lock:
                self._restore_pending(counters, asked)
            return
        with self._counters.lock:
            _update(counters, verdict)

    def _restore_pending(self, wanted: Wanted, asked: Sequence[Asked]) -> None:
        """What could not be told is pending again."""
        for (counter, _), question in zip(wanted, asked, strict=True):
            counter.total -= question.owed
            self._counters.hold(counter, question.owed)

    def _wake_flusher(self) -> None:
        if self._store.is_configured and not self._has_unflushed.is_set():
            self._has_unflushed.set()
            if self._flusher is None or not self._flusher.is_alive():
                self._flusher = threading.Thread(target=self._keep_flushing, daemon=True)
                self._flusher.start()

    def _keep_flushing(self) -> None:
        while self._has_unflushed.wait():
            time.sleep(FLUSH_EVERY_S)
            self._has_unflushed.clear()
            self.flush()


def _refuse_again(wanted: Wanted, now: float) -> None:
    """Who was refused a moment ago is refused again without asking: a flood costs no round trip."""
    for counter, points in wanted:
        if points and now - counter.heard_at < HEARD_S and not counter.has_room(points):
            raise counter.refusal()


def _asked(counter: Counter, points: int) -> Asked:
    """The question about a counter, which counts what is pending as told from now on."""
    owed, counter.pending = counter.pending, 0
    counter.total += owed
    return Asked(counter.key, owed, points, counter.budget.limit)


def _update(wanted: Wanted, verdict: Verdict) -> None:
    now = time.time()
    for (counter, _), told in zip(wanted, verdict.told, strict=True):
        counter.total = told.count
        counter.heard_at = now
        counter.resets_at = now + told.ends_in_s
