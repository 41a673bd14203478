"""The backfill budget: bytes that one process holds for all its readers together.

A page of the table is held until its reader has taken it. When there is no room for another page,
the reader who has held one for longest is cut off, once that is longer than PATIENCE_S: it takes
nothing while others wait, and may come back with its cursor.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

from server.web import process_limits

MOST_BYTES: Final = process_limits.BACKFILL_BYTES
PATIENCE_S: Final = 3.0
_LOOK_S = 0.25

_budgets: "WeakKeyDictionary[asyncio.AbstractEventLoop, BackfillBudget]" = WeakKeyDictionary()
_cut_off: "WeakSet[asyncio.Task[object]]" = WeakSet()


def was_cut_off() -> bool:
    """Whether the running task was cancelled because its backfill makes room for others."""
    return asyncio.current_task() in _cut_off


@dataclass(eq=False, slots=True)
class Hold:
    """Bytes held for a reader's task, since when (the loop's clock)."""

    size: int
    task: "asyncio.Task[object] | None"
    since: float


class BackfillBudget:
    """Belongs to one event loop."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._holds: dict[Hold, None] = {}  # in the order in which they began
        self._freed = asyncio.Event()
        self.held_bytes = 0

    async def take(self, size: int) -> Hold:
        """Hold so many bytes for the task that calls; waits until there is room."""
        while (hold := self.try_take(size)) is None:
            self._cut_off_slowest()
            self._freed.clear()
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._freed.wait()
            except TimeoutError:
                continue
        return hold

    def try_take(self, size: int) -> Hold | None:
        """Hold so many bytes, unless there is no room. A single page always has room."""
        if self._holds and self.held_bytes + size > self._most:
            return None
        hold = Hold(size, asyncio.current_task(), asyncio.get_running_loop().time())
        self._holds[hold] = None
        self.held_bytes += size
        return hold

    def resize(self, hold: Hold, size: int) -> None:
        """Say how many bytes it has become."""
        self.held_bytes += size - hold.size
        hold.size = size

    def give_back(self, hold: Hold | None) -> None:
        """Hold no longer; once."""
        if hold is not None and self._holds.pop(hold, hold) is None:
            self.held_bytes -= hold.size
            self._freed.set()

    def _cut_off_slowest(self) -> None:
        slowest = next(iter(self._holds))
        late = asyncio.get_running_loop().time() - slowest.since > PATIENCE_S
        if late and slowest.task is not None:
            _cut_off.add(slowest.task)
            slowest.task.cancel()


def shared() -> BackfillBudget:
    """The running loop's budget, for the streams of all tables together."""
    return _budgets.setdefault(asyncio.get_running_loop(), BackfillBudget())
