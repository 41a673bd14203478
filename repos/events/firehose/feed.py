"""The feed of one process: one tailer, one ring a host, one connection for backfill."""

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

import psycopg
import structlog
from django.conf import settings

from repos.events.firehose.budget import BackfillBudget
from repos.events.firehose.ring import Ring
from repos.events.firehose.table import EventTable
from repos.events.firehose.tailer import Tailer
from repos.state.long_reads import conninfo

RING_FRAMES = 4_096
RING_BYTES = 32 * 1_048_576
_TELL_AFTER_S = 0.5

logger = structlog.stdlib.get_logger(__name__)


class Feed:
    """Belongs to the event loop it was made in."""

    def __init__(self, database: str, ring_frames: int, ring_bytes: int) -> None:
        self.table = EventTable(database)
        self.budget = BackfillBudget()
        self._limits = (ring_frames, ring_bytes)
        # A ring lives as long as somebody follows it: quiet hosts cost no memory.
        self._rings: WeakValueDictionary[int, Ring] = WeakValueDictionary()
        self._tailer = Tailer(database, self._push, self._rings.keys)
        self._task: asyncio.Task[None] | None = None
        self._left: set[int] = set()
        self._telling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; does nothing while the task runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._tailer.run(), name="firehose tailer")

    async def listening(self) -> None:
        """Wait until nothing that is numbered from now on can be missed."""
        await self._tailer.is_placed.wait()

    async def stop(self) -> None:
        """End the task and hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._telling is not None:
            self._telling.cancel()
        await self.table.close()

    def ring(self, host_id: int) -> Ring:
        """The host's ring, empty until the next event comes. Keep it while you follow."""
        ring = self._rings.get(host_id)
        if ring is None:
            ring = self._rings[host_id] = Ring(*self._limits)
        return ring

    def reader_left(self, host_id: int) -> None:
        """A reader that was there for a while has gone: if it was a relay, it may not come back
        unasked."""
        if settings.CRAWLERS:
            self._left.add(host_id)
            if self._telling is None or self._telling.done():
                self._telling = asyncio.create_task(self._notify_left())

    async def _notify_left(self) -> None:
        while self._left:
            await asyncio.sleep(_TELL_AFTER_S)  # many leave at once
            host_ids, self._left = [*self._left], set()
            try:
                await self.table.want_crawls(host_ids)
            except psycopg.Error:
                logger.exception("relays could not be asked to reconnect", host_ids=host_ids)

    def _push(self, host_id: int, first_seq: int, frames: list[bytes]) -> None:
        ring = self._rings.get(host_id)
        if ring is not None:
            ring.push(first_seq, frames)


_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = WeakKeyDictionary()


def feed() -> Feed:
    """The running loop's feed, listening."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = Feed(conninfo(), RING_FRAMES, RING_BYTES)
    _feeds[loop].start()
    return _feeds[loop]
