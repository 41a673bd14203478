"""Clock ids: the ten bits of a TID that keep apart what two processes write in one microsecond.

Drawn once a process. A fork has all of its parent's memory, so it draws anew.
"""

import os
import secrets

from protocol.tid import MAX_CLOCK_ID, TidClock


def own_clock() -> TidClock:
    """A clock of this process; in a fork of it, of that one."""
    clock = TidClock(_draw())

    def redraw() -> None:
        clock.clock_id = _draw()

    os.register_at_fork(after_in_child=redraw)
    return clock


def _draw() -> int:
    return secrets.randbelow(MAX_CLOCK_ID + 1)
