"""Body transfers: long responses and uploads under way in this process, and which are cut off.

None of them holds a thread while it waits for its client, but each holds a file and some memory. So
a client has at most EACH_MAX of them at a time, and all clients together MOST: beyond that the
slowest is cut off, of the client who asks for one more, or of those who have the most. Whoever
keeps a fast pace is the last to go. All of this belongs to the event loop.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from server.web import process_limits

EACH_MAX = process_limits.NETWORK_TRANSFERS
MOST = process_limits.TRANSFERS


class CutOff(ConnectionResetError):
    """The transfer had to give way, or its client went away."""


class BodyTransfer:
    """One body on its way. `count` what the client sent or took; the slowest are cut off first."""

    def __init__(self, who: Hashable) -> None:
        self.who = who
        self._begun_at = monotonic()
        self._size = 0
        self.cut = asyncio.get_running_loop().create_future()

    def count(self, size: int) -> None:
        self._size += size

    @property
    def bytes_per_s(self) -> float:
        """Its pace; a second is added, so that a newcomer is not the fastest of all."""
        return self._size / (monotonic() - self._begun_at + 1)

    def cut_off(self) -> None:
        """End it where it stands."""
        if not self.cut.done():
            self.cut.set_result(None)

    async def until_cut(self, work: Awaitable[None], *leaving: Awaitable[None]) -> None:
        """Do the work, and drop it when the client leaves or it has to give way. Raises CutOff."""
        doing = asyncio.ensure_future(work)
        going = [asyncio.ensure_future(each) for each in leaving]
        try:
            await asyncio.wait({doing, *going, self.cut}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise CutOff("the client went away, or had to give way")
            await doing
        finally:
            for task in (doing, *going):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task


class BodyTransfers:
    """Those of one process."""

    def __init__(self, each_max: int = EACH_MAX, most: int = MOST) -> None:
        self._each_max = each_max
        self._most = most
        self._running: list[BodyTransfer] = []

    @contextmanager
    def admit(self, who: Hashable) -> Iterator[BodyTransfer]:
        """Room for a transfer of `who`, if need be another's."""
        self._make_room(who)
        transfer = BodyTransfer(who)
        self._running.append(transfer)
        try:
            yield transfer
        finally:
            if transfer in self._running:
                self._running.remove(transfer)

    def _make_room(self, who: Hashable) -> None:
        counts = Counter(each.who for each in self._running)
        if counts[who] >= self._each_max:
            self._cut_off_slowest([each for each in self._running if each.who == who])
        elif len(self._running) >= self._most:
            most = max(counts.values())
            self._cut_off_slowest([each for each in self._running if counts[each.who] == most])

    def _cut_off_slowest(self, transfers: Iterable[BodyTransfer]) -> None:
        slowest = min(transfers, key=lambda each: each.bytes_per_s)
        self._running.remove(slowest)
        slowest.cut_off()
