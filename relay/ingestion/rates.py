"""How many events a host may still send: a second's, an hour's and a day's, in this process.

A process that starts anew counts from nothing, so a host may have one more hour or day of events a
start. One that was beyond its rate does not: until when it is left alone is stored (`retry_at`).
"""

import asyncio
import time
from collections.abc import Callable

from relay.hosts.allowances import Rates

_WINDOWS_S = (1, 3_600, 86_400)
USE_MAX = 1_000  # percent; more is not told
WAITED_S = 15.0  # a longer wait is no wait: the host is left alone until then


class Throttled(Exception):
    """The host has used up an hour or a day; `for_s` seconds are left of it."""

    def __init__(self, for_s: float) -> None:
        super().__init__(f"beyond its rate for {for_s:.0f} s")
        self.for_s = for_s


class Meter:
    """Counts one host's events in windows that begin anew when they are over."""

    def __init__(self, rates: Rates, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = [clock()] * len(_WINDOWS_S)
        self._counts = [0] * len(_WINDOWS_S)
        self.allow(rates)

    def allow(self, rates: Rates) -> None:
        """From now on so much."""
        self._most = (rates.per_second, rates.per_hour, rates.per_day)

    def wait_s(self, count: int) -> float:
        """Note so many events; for how long nothing more may follow."""
        now, longest = self._clock(), 0.0
        for place, window_s in enumerate(_WINDOWS_S):
            if now - self._begun[place] >= window_s:
                self._begun[place], self._counts[place] = now, 0
            self._counts[place] += count
            # A batch may be many seconds' worth.
            over = self._counts[place] / self._most[place]
            if over >= 1:
                longest = max(longest, self._begun[place] + window_s * int(over) - now)
        return longest

    def use_percent(self) -> int:
        """How much of an hour's or a day's events is used, the larger share."""
        now, used = self._clock(), [0]
        for begun, window_s, count, most in zip(
            self._begun[1:], _WINDOWS_S[1:], self._counts[1:], self._most[1:], strict=True
        ):
            if now - begun < window_s:
                used.append(count * 100 // most)
        return min(max(used), USE_MAX)

    def is_over(self) -> bool:
        """Whether all that it counted is of windows that are over."""
        now = self._clock()
        pairs = zip(self._begun, _WINDOWS_S, strict=True)
        return all(now - begun >= window_s for begun, window_s in pairs)

    async def admit(self, count: int) -> None:
        """Note so many events and wait until more may follow. Raises Throttled."""
        wait_s = self.wait_s(count)
        if wait_s > WAITED_S:
            raise Throttled(wait_s)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
