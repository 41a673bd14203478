"""How much somebody may have under way at the same time, in one process."""

import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager

from hosting.limits.budgets import Budget, RateLimitExceeded

Place = tuple[Hashable, int]  # whose, and how many they may have


class AtOnce:
    """Counts what is under way. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count: Counter[Hashable] = Counter()

    @contextmanager
    def room(self, places: Sequence[Place]) -> Iterator[None]:
        """Have one more under way in all of these places. Raises RateLimitExceeded when one of them
        is full; it may not be a second later."""
        with self._lock:
            if refused := self.refusal_of(places):
                raise refused
            self._count.update(who for who, _ in places)
        try:
            yield
        finally:
            with self._lock:
                self._count.subtract(who for who, _ in places)
                for who, _ in places:
                    if self._count[who] <= 0:
                        del self._count[who]

    def refusal_of(self, places: Sequence[Place]) -> RateLimitExceeded | None:
        """What `room` would raise now."""
        for who, most in places:
            if self._count[who] >= most:
                return RateLimitExceeded(Budget(most, 1), int(time.time()) + 1)
        return None

    def __len__(self) -> int:
        """How many have anything under way."""
        return len(self._count)
