"""Concurrency limits: how much a client may have under way, in one process."""

import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager

from hosting.limits.budgets import Budget, RateLimitExceeded

Slot = tuple[Hashable, int]  # whose, and how many they may have


class ConcurrencyLimit:
    """Counts what is under way. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count: Counter[Hashable] = Counter()

    @contextmanager
    def hold(self, slots: Sequence[Slot]) -> Iterator[None]:
        """Have one more under way in all of these slots. Raises RateLimitExceeded when one of them
        is full; it may not be a second later."""
        with self._lock:
            if refused := self.refusal_of(slots):
                raise refused
            self._count.update(who for who, _ in slots)
        try:
            yield
        finally:
            with self._lock:
                self._count.subtract(who for who, _ in slots)
                for who, _ in slots:
                    if self._count[who] <= 0:
                        del self._count[who]

    def refusal_of(self, slots: Sequence[Slot]) -> RateLimitExceeded | None:
        """What `hold` would raise now."""
        for who, most in slots:
            if self._count[who] >= most:
                return RateLimitExceeded(Budget(most, 1), int(time.time()) + 1)
        return None

    def __len__(self) -> int:
        """How many have anything under way."""
        return len(self._count)
