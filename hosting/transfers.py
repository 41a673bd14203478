"""Long answers and uploads that are under way in this process, and whose turn it is to give way.

None of them holds a thread while it waits for its client, but each holds a file and some memory. So
a client has at most EACH_MAX of them at a time, and all clients together MOST: beyond that the
slowest is cut off, of the client who asks for one more, or of the one who has the most. Whoever
keeps a fast pace is the last to go. Snapshots of the database are fewer: for them one waits in turn
(`Places`). All of this belongs to the event loop.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic

from hosting import process_limits

EACH_MAX = process_limits.NETWORK_TRANSFERS
MOST = process_limits.TRANSFERS
SNAPSHOTS_EACH_MAX = process_limits.NETWORK_SNAPSHOTS
SNAPSHOTS_MOST = process_limits.SNAPSHOTS
WAITING_EACH_MAX = 64


class CutOff(ConnectionResetError):
    """The transfer had to give way, or its client went away."""


class TooManyWait(Exception):
    """A client waits for so many snapshots already that one more makes no sense."""


class Transfer:
    """One body on its way. `count` what the client sent or took; the slowest are cut off first."""

    def __init__(self, who: Hashable) -> None:
        self.who = who
        self._begun_at = monotonic()
        self._size = 0
        self._cut = asyncio.get_running_loop().create_future()

    def count(self, size: int) -> None:
        self._size += size

    @property
    def bytes_per_s(self) -> float:
        """Its pace; a second is added, so that a newcomer is not the fastest of all."""
        return self._size / (monotonic() - self._begun_at + 1)

    def cut_off(self) -> None:
        """End it where it stands."""
        if not self._cut.done():
            self._cut.set_result(None)

    async def until_cut(self, work: Awaitable[None], *leaving: Awaitable[None]) -> None:
        """Do the work, and drop it when the client leaves or it has to give way. Raises CutOff."""
        doing = asyncio.ensure_future(work)
        going = [asyncio.ensure_future(each) for each in leaving]
        try:
            await asyncio.wait({doing, *going, self._cut}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise CutOff("the client went away, or had to give way")
            await doing
        finally:
            for task in (doing, *going):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task


class Transfers:
    """Those of one process."""

    def __init__(self, each_max: int = EACH_MAX, most: int = MOST) -> None:
        self._each_max = each_max
        self._most = most
        self._running: list[Transfer] = []

    @contextmanager
    def one_more(self, who: Hashable) -> Iterator[Transfer]:
        """Room for a transfer of `who`, if need be another's."""
        self._make_room(who)
        transfer = Transfer(who)
        self._running.append(transfer)
        try:
            yield transfer
        finally:
            if transfer in self._running:
                self._running.remove(transfer)

    def _make_room(self, who: Hashable) -> None:
        counts = Counter(each.who for each in self._running)
        if counts[who] >= self._each_max:
            self._cut_slowest_of(who)
        elif len(self._running) >= self._most:
            self._cut_slowest_of(counts.most_common(1)[0][0])

    def _cut_slowest_of(self, who: Hashable) -> None:
        slowest = min(
            (each for each in self._running if each.who == who), key=lambda each: each.bytes_per_s
        )
        self._running.remove(slowest)
        slowest.cut_off()


class Places:
    """A few of something, of which nobody has more than a part; others wait in turn."""

    def __init__(self, each_max: int = SNAPSHOTS_EACH_MAX, most: int = SNAPSHOTS_MOST) -> None:
        self._each_max = each_max
        self._most = most
        self._taken: Counter[Hashable] = Counter()
        self._waiting: deque[tuple[Hashable, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def one_for(self, who: Hashable) -> AsyncIterator[None]:
        """A place for `who`, as soon as there is one. Raises TooManyWait."""
        if self._has_room_for(who):
            self._taken[who] += 1
        else:
            await self._wait(who)
        try:
            yield
        finally:
            self._give_back(who)

    async def _wait(self, who: Hashable) -> None:
        if sum(other == who for other, _ in self._waiting) >= WAITING_EACH_MAX:
            raise TooManyWait
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((who, given))
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(who)
            raise

    def _has_room_for(self, who: Hashable) -> bool:
        return self._taken[who] < self._each_max and self._taken.total() < self._most

    def _give_back(self, who: Hashable) -> None:
        self._taken[who] -= 1
        self._taken += Counter()  # forgets those who have none
        for entry in list(self._waiting):
            waiting, given = entry
            if given.done() or self._has_room_for(waiting):
                self._waiting.remove(entry)
            if not given.done() and self._has_room_for(waiting):
                self._taken[waiting] += 1
                given.set_result(None)
