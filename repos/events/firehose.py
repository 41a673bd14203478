"""The firehose, com.atproto.sync.subscribeRepos: the event table as one stream a host.

What streams are made of is in repos.events.streams. Here is what is said of this table, the feed of
each process, and that relays are asked to come back when a reader that stayed has gone.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final
from weakref import WeakKeyDictionary

import psycopg
import structlog
from django.conf import settings

from protocol.event_stream import frames
from repos.events.streams import following
from repos.events.streams.feed import RING_BYTES, RING_FRAMES, Feed
from repos.events.streams.table import StreamTable
from server.database.connection import conninfo

EVENTS: Final = StreamTable(
    name="event",
    key="host_id",
    columns=("kind", "body", "seq_at"),
    frame=frames.frame,
    counter="event_counter",
    channel="firehose",
)
STAYED_S = 60.0  # who leaves after that may have been a relay (repos.events.crawl_requests)
_TELL_AFTER_S = 0.5
# For the next round of repos.events.crawl_requests.
_WANT_CRAWLS = "UPDATE crawl_ping SET is_wanted = true WHERE host_id = ANY (%s) RETURNING id"

logger = structlog.stdlib.get_logger(__name__)


class FirehoseFeed(Feed):
    """The feed of the event table."""

    def __init__(
        self, database: str, ring_frames: int = RING_FRAMES, ring_bytes: int = RING_BYTES
    ) -> None:
        super().__init__(EVENTS, database, ring_frames, ring_bytes)
        self._left: set[int] = set()
        self.telling: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """End the tasks and hang up."""
        if self.telling is not None:
            self.telling.cancel()
        await super().stop()

    def consumer_left(self, key: int, stayed_s: float) -> None:
        """If it was a relay, it may not come back unasked."""
        if settings.CRAWLERS and stayed_s >= STAYED_S:
            self._left.add(key)
            if self.telling is None or self.telling.done():
                self.telling = asyncio.create_task(self._notify_left())

    async def _notify_left(self) -> None:
        while self._left:
            await asyncio.sleep(_TELL_AFTER_S)  # many leave at once
            host_ids, self._left = [*self._left], set()
            try:
                await self.reader.rows(_WANT_CRAWLS, (host_ids,))
            except psycopg.Error:
                logger.exception("relays could not be asked to reconnect", host_ids=host_ids)


_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, FirehoseFeed] = WeakKeyDictionary()


def feed() -> FirehoseFeed:
    """The running loop's feed, listening."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = FirehoseFeed(conninfo())
    _feeds[loop].start()
    return _feeds[loop]


async def follow(host_id: int, cursor: int | None) -> AsyncGenerator[list[bytes], None]:
    """Frames of a host's events: repos.events.streams.following.follow."""
    return await following.follow(feed(), host_id, cursor)
