"""SIGINT, SIGTERM and SIGHUP: the first asks us to stop in order, the second to stop now.

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


class Bell:
    """Rung by signals. The second one runs `at_second` in its handler and ends the process."""

    def __init__(self, at_second: Callable[[], None]) -> None:
        self._at_second = at_second
        self._has_rung = False
        for number in SIGNALS:
            signal.signal(number, self._ring)

    def check(self) -> None:
        """Raises Stopped after the first signal."""
        if self._has_rung:
            raise Stopped

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        if self._has_rung:
            self._at_second()
            os._exit(1)
        self._has_rung = True
