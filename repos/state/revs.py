"""Revisions: each commit's TID is later than the one before it, whatever clocks say.

Source: atproto.com/specs/repository, "Commit Objects" (`rev`); atproto.com/specs/tid. Relays drop
a commit whose `rev` lies more than five minutes ahead.
"""

import threading
import time
from typing import Final

from protocol import tid
from repos.state.clock_ids import own_clock

_AHEAD_US = 300_000_000

_clock: Final = own_clock()
_lock = threading.Lock()


def next_rev(previous: str) -> str:
    """A TID of now, later than the repo's last one."""
    with _lock:
        return _clock.next(time.time_ns() // 1000, after=previous)


def later(ours: str, foreign: str) -> str:
    """The later of our rev and another host's, unless theirs is from a clock that runs ahead."""
    latest = tid.encode(time.time_ns() // 1000 + _AHEAD_US, tid.MAX_CLOCK_ID)
    return max(ours, foreign) if foreign <= latest else ours  # TIDs sort as their times do
