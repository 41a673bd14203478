"""Sources of JSON streams: a table of events, and where a moment lies among the numbered ones.

Each source has a feed of its own in every process, begun with the first subscriber: it reads the
same table as the firehose does, and its rings hold JSON.
"""

import asyncio
from dataclasses import replace
from typing import Final
from weakref import WeakKeyDictionary

from repos.events.firehose import EVENTS
from repos.events.json_streams import encoding
from repos.events.streams.feed import RING_FRAMES, Feed
from repos.events.streams.table import Page, StreamTable, TableReader
from server.database.connection import conninfo

RING_BYTES: Final = 16 * 1_048_576
PAST_BYTES_PER_S: Final = 20_000_000  # of a process, in JSON
# How long before its number an event may have been stored: events are not numbered in the order of
# these moments when a transaction took long.
JITTER_US: Final = 10_000_000


class Source:
    """A table of events whose frames are those of `encoding`, and the column of when a row was
    stored."""

    def __init__(self, table: StreamTable, moment: str = "created_at") -> None:
        columns = ("kind", "body", "seq_at", moment)
        self.table = replace(table, columns=columns, frame=encoding.frame)
        self._probe = _probe_of(table, moment)
        self._feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = WeakKeyDictionary()

    def feed(self) -> Feed:
        """The running loop's feed, listening."""
        loop = asyncio.get_running_loop()
        if loop not in self._feeds:
            self._feeds[loop] = _JsonFeed(self.table, conninfo(), RING_FRAMES, RING_BYTES)
        self._feeds[loop].start()
        return self._feeds[loop]

    async def before(self, key: int, time_us: int) -> int:
        """A `seq` of the stream after which everything of that moment and later comes, and not much
        of what was before. A search among the numbers: twenty small reads for a million events."""
        reader = self.feed().reader
        newest, low = await reader.ends(key)
        high, wanted = newest, time_us - JITTER_US
        while low < high:
            middle = (low + high) // 2
            rows = await reader.rows(self._probe, (key, middle))
            if not rows or rows[0][0] > high or rows[0][1] >= wanted:
                high = middle
            else:
                low = rows[0][0]
        return low

    async def moment_after(self, key: int, seq: int) -> int | None:
        """When the first event beyond `seq` was stored, in microseconds; None when there is
        none."""
        rows = await self.feed().reader.rows(self._probe, (key, seq))
        return rows[0][1] if rows else None


class _PacedReader(TableReader):
    """Pages of the past, one after the other for all who read it, with a rest after each: making
    JSON of a page takes a part of that time, and the event loop has others to serve."""

    def __init__(self, table: StreamTable, database: str) -> None:
        super().__init__(table, database)
        self._turn = asyncio.Lock()

    async def page(self, key: int, after: int, limit: int) -> Page | None:
        async with self._turn:
            page = await super().page(key, after, limit)
            if page is not None:
                await asyncio.sleep(sum(map(len, page.frames)) / PAST_BYTES_PER_S)
        return page


class _JsonFeed(Feed):
    """The feed of a source, which reads the past at its pace."""

    def __init__(self, table: StreamTable, database: str, frames: int, size: int) -> None:
        super().__init__(table, database, frames, size)
        self.reader = _PacedReader(table, database)


def _probe_of(table: StreamTable, moment: str) -> str:
    """The first event beyond a number: its own, and its moment in microseconds."""
    return f"""
        SELECT seq, (extract(epoch FROM {moment}) * 1000000)::bigint
        FROM {table.name} WHERE {table.key} = %s AND seq > %s ORDER BY seq LIMIT 1
    """  # noqa: S608 - names of ours


HOSTS: Final = Source(EVENTS)  # the events of each host, by its id
