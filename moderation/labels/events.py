"""The label stream of a tenant, com.atproto.label.subscribeLabels.

The label table as streams (repos.events.streams), and the feed of each process.
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

LABELS: Final = StreamTable(
    name="label",
    key="labeler_id",
    columns=("body",),
    frame=frames.labels,
    counter="label_counter",
    channel="labels",
)
_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = WeakKeyDictionary()


def feed() -> Feed:
    """The running loop's feed, listening."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = Feed(LABELS, conninfo())
    _feeds[loop].start()
    return _feeds[loop]


async def follow(tenant_id: int, cursor: int | None) -> AsyncGenerator[list[bytes], None]:
    """Frames of a tenant's labels: repos.events.streams.following.follow."""
    return await following.follow(feed(), tenant_id, cursor)
