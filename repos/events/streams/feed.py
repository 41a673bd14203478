"""The feed of a table in one process: one tailer, a ring a stream, one connection for backfill."""

import asyncio
from weakref import WeakValueDictionary

from repos.events.streams import budget
from repos.events.streams.ring import Ring
from repos.events.streams.table import StreamTable, TableReader
from repos.events.streams.tailer import Tailer

RING_FRAMES = 4_096
RING_BYTES = 32 * 1_048_576


class Feed:
    """Belongs to the event loop it was made in."""

    def __init__(
        self,
        table: StreamTable,
        database: str,
        ring_frames: int = RING_FRAMES,
        ring_bytes: int = RING_BYTES,
    ) -> None:
        self.reader = TableReader(table, database)
        self.budget = budget.shared()
        self._limits = (ring_frames, ring_bytes)
        self._name = f"{table.channel} tailer"
        # A ring lives as long as somebody follows it: quiet streams cost no memory.
        self._rings: WeakValueDictionary[int, Ring] = WeakValueDictionary()
        self._tailer = Tailer(table, database, self._push, self._rings.keys)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; does nothing while the task runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._tailer.run(), name=self._name)

    async def listening(self) -> None:
        """Wait until nothing that is numbered from now on can be missed."""
        await self._tailer.is_placed.wait()

    async def stop(self) -> None:
        """End the task and hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.reader.close()

    def ring(self, key: int) -> Ring:
        """The stream's ring, empty until the next event comes. Keep it while you follow."""
        ring = self._rings.get(key)
        if ring is None:
            ring = self._rings[key] = Ring(*self._limits)
        return ring

    def consumer_left(self, key: int, stayed_s: float) -> None:
        """Called when a consumer of the stream has gone; for those who want to know."""

    def _push(self, key: int, first_seq: int, frames: list[bytes]) -> None:
        ring = self._rings.get(key)
        if ring is not None:
            ring.push(first_seq, frames)
