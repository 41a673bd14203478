"""Polling: the turns of a request that waits for what a worker does."""

import time
from collections.abc import Iterator


def turns(within_s: float, first_s: float, longest_s: float) -> Iterator[None]:
    """Turns to look, the first at once, after pauses that grow by half from `first_s` to
    `longest_s`. They end when the time is up; the thread sleeps in between, so hold no transaction.
    """
    deadline, pause_s = time.monotonic() + within_s, first_s
    yield
    while time.monotonic() <= deadline:
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, longest_s)
        yield
