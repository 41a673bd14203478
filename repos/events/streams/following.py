"""Follows a stream for one consumer: everything after its cursor, in order, each once.

Source: atproto.com/specs/event-stream, "Cursors". Behind the ring a consumer reads pages of the
table, inside it slices of memory; both are in the order of `seq`, and the cursor alone decides what
comes next, so the change from one to the other loses nothing. What was there before the consumer
came is read from the table even when the ring has it: the table has forgotten what deleted accounts
said, memory has not.
"""

import asyncio
from collections.abc import AsyncGenerator

from protocol.errors import XrpcError
from protocol.event_stream import frames
from repos.events.streams.backlog import Backlog
from repos.events.streams.feed import Feed
from repos.events.streams.ring import Ring

SLICE = 64  # frames handed over at once: about 300 kB
MAX_LAG = 20_000  # events that a consumer may be behind after it was live
PART_BYTES = 131_072  # as much as is written before the connection is asked whether it keeps up
# When a page's third part is wanted, the connection has taken the first: only then read ahead.
READ_AHEAD_AT = 2
OUTDATED = frames.info("OutdatedCursor", "Requested cursor exceeded limit. Possibly missing events")


class FutureCursor(XrpcError):
    """The cursor is beyond the newest event: it belongs to another stream."""

    name = "FutureCursor"


class ConsumerTooSlow(XrpcError):
    """The consumer was live and fell too far behind; it may come back with its cursor."""

    name = "ConsumerTooSlow"


async def follow(feed: Feed, key: int, cursor: int | None) -> AsyncGenerator[list[bytes], None]:
    """Frames of a stream's events after `cursor`, or from now on without one; they never end.

    "Now" is when this returns: await it before the handshake is answered, or a consumer that writes
    as soon as it is connected misses its own events. A cursor after which retention took events
    gets `#info OutdatedCursor` first, then everything kept; what a deleted account took along is
    nothing to miss. Raises FutureCursor at once and ConsumerTooSlow on the way; send
    `frames.error(error.name, error.message)` and close.
    """
    ring = feed.ring(key)
    await feed.listening()
    newest, dropped = await feed.reader.ends(key)
    if cursor is not None and cursor > newest:
        raise FutureCursor("Cursor in the future.")
    position = newest if cursor is None else max(cursor, 0)
    return _frames(_Consumer(feed, key), ring, position, dropped, newest)


class _Consumer:
    """One consumer's time with a stream."""

    def __init__(self, feed: Feed, key: int) -> None:
        self.backlog = Backlog(feed.reader, key, feed.budget)
        self._feed = feed
        self._key = key
        self._came_at = asyncio.get_running_loop().time()

    def end(self) -> None:
        """Read no further, and let the feed know."""
        self.backlog.close()
        self._feed.consumer_left(self._key, asyncio.get_running_loop().time() - self._came_at)


async def _frames(
    consumer: _Consumer, ring: Ring, position: int, dropped: int, newest: int
) -> AsyncGenerator[list[bytes], None]:
    if position < dropped:
        yield [OUTDATED]
    was_live = False
    try:
        while True:
            changed = ring.changed  # taken before looking, so that no push is missed
            batch = ring.after(position, SLICE) if position >= newest else None
            if batch is None:
                before_ring = max(ring.first_seq - 1, newest)
                page = await consumer.backlog.page(position)
                if page and was_live:
                    _refuse_laggard(ring, page.first_seq)
                position = page.last_seq if page else max(position, before_ring)
                parts = _parts(page.frames) if page else []
            else:
                was_live = True
                position += len(batch)
                parts = [batch] if batch else []
                if position < ring.last_seq:  # others get their turn in between
                    await asyncio.sleep(0)
            for number, part in enumerate(parts):
                if number == READ_AHEAD_AT:  # never in a slice of the ring
                    consumer.backlog.read_ahead(position)
                yield part
            if not parts and (ring.is_empty or position >= ring.last_seq):
                await changed.wait()
    finally:
        consumer.end()


def _parts(found: list[bytes]) -> list[list[bytes]]:
    """The frames in pieces of about PART_BYTES, so that a page is handed on as it is taken."""
    parts: list[list[bytes]] = [[]]
    size = 0
    for frame in found:
        if size >= PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(frame)
        size += len(frame)
    return parts


def _refuse_laggard(ring: Ring, next_seq: int) -> None:
    """`next_seq` is what it would get now: where numbers jump (repos.maintenance.restore) there is
    no lag."""
    if ring.last_seq - next_seq >= MAX_LAG:
        raise ConsumerTooSlow("The consumer is too slow: events were dropped before it read them.")
