"""A cache of recent refusals: who has used up its requests is refused before any thread.

The dispatcher finds out, at a host and in a thread; a client that goes on asking would keep the
threads busy with refusals. So for a moment they are given by the event loop.
"""

import time

from hosting.limits.budgets import RateLimitExceeded
from hosting.limits.counters import HEARD_S

KNOWN_MAX = 10_000

Asker = tuple[str, str, str]  # network, Host header, path


class Refused:
    """A process's refusals of the last HEARD_S. Safe for threads."""

    def __init__(self) -> None:
        self._known: dict[Asker, tuple[float, RateLimitExceeded]] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def note(self, who: Asker, error: RateLimitExceeded) -> None:
        """They were refused just now."""
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[who] = (time.monotonic() + HEARD_S, error)

    def of(self, who: Asker) -> RateLimitExceeded | None:
        """The refusal that still holds for them."""
        until, error = self._known.get(who, (0.0, None))
        if error is not None and until <= time.monotonic():
            self._known.pop(who, None)
            return None
        return error
