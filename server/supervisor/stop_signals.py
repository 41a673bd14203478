"""Stop signals (SIGINT, SIGTERM, SIGHUP): the first stops in order, the second at once.

A handler that raised could hit between a fork and the line that remembers the child. So the first
signal is only noted, and every place that waits asks `check`.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked us to stop."""


class StopSignals:
    """Notes stop signals. The second one runs `at_second` in its handler and ends the process."""

    def __init__(self, at_second: Callable[[], None]) -> None:
        self._at_second = at_second
        self._was_received = False
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    def check(self) -> None:
        """Raises Stopped after the first signal."""
        if self._was_received:
            raise Stopped

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._was_received:
            self._at_second()
            os._exit(1)
        self._was_received = True
