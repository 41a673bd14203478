"""The relay's com.atproto.sync.subscribeRepos: its event table as one stream, a feed a process.

What streams are made of is in repos.events.streams.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final
from weakref import WeakKeyDictionary

from protocol.event_stream import frames
from repos.events.streams import following
from repos.events.streams.feed import Feed
from repos.events.streams.table import StreamTable
from server.database.connection import conninfo

KEY: Final = 1  # of the one stream
EVENTS: Final = StreamTable(
    name="relay_event",
    key="relay_id",
    columns=("kind", "body", "seq_at"),
    frame=frames.frame,
    counter="relay_counter",
    channel="relay",
    position="seq",
)
_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = WeakKeyDictionary()


def feed() -> Feed:
    """The running loop's feed, listening."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = Feed(EVENTS, conninfo())
    _feeds[loop].start()
    return _feeds[loop]


async def follow(cursor: int | None) -> AsyncGenerator[list[bytes], None]:
    """Frames of the relay's events: repos.events.streams.following.follow."""
    return await following.follow(feed(), KEY, cursor)
