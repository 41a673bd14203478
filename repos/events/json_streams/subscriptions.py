"""What one subscriber of a JSON stream gets: the texts of what its filter wants, in order.

Where it begins: at a `seq`, with that event, or at a moment, with the first event that was stored
then or later. A moment repeats events rather than leave one out, as jetstream's does. Who
reads the past takes turns with the others of the process, and all of them together leave the event
loop half of its time: an event of the past is decoded for each of them.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from protocol.errors import XrpcError
from repos.events.json_streams import encoding
from repos.events.json_streams.encoding import Part
from repos.events.json_streams.filters import Filter
from repos.events.json_streams.sources import Source
from repos.events.streams import following

# As in jetstream: smaller numbers are those of events, others microseconds since 1970.
SEQS_UNTIL: Final = 10**15


class CursorTooOld(XrpcError):
    """The event of that number is not kept any more."""

    name = "CursorTooOld"


@dataclass(slots=True)
class Subscriber:
    """A socket's wishes; `filter` may be replaced at any time. `write` makes the text of a part,
    None where its shape of the stream has no such kind."""

    filter: Filter
    write: Callable[[Part], bytes | None]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a subscription begins: after a `seq` (None: now), with the moment `from_us`."""

    after: int | None
    from_us: int = 0
    is_outdated: bool = False  # a moment of which not everything is kept


def text_of(part: Part, subscriber: Subscriber) -> bytes | None:
    """What a subscriber is told of a part; None where it wants none of it."""
    wanted = subscriber.filter
    if not wanted.wants(part):
        return None
    text = subscriber.write(part)
    return None if text is None or 0 < wanted.max_bytes < len(text) else text


async def start_at(source: Source, key: int, cursor: int | None, *, is_strict: bool) -> Start:
    """Where a cursor leads; one of the future begins now. Raises CursorTooOld when `is_strict` and
    the numbered event is not kept."""
    if cursor is None:
        return Start(None)
    feed = source.feed()
    await feed.listening()
    newest, dropped = await feed.reader.ends(key)
    if cursor >= SEQS_UNTIL:
        after = await source.before(key, cursor)
        if after >= newest:
            return Start(None)
        first = await source.moment_after(key, dropped) if dropped else 0
        is_outdated = first is None or first > cursor
        return Start(after, min(cursor, encoding.microseconds(datetime.now(UTC))), is_outdated)
    if is_strict and cursor <= dropped:
        raise CursorTooOld(f"Events up to {dropped} are not kept any more.")
    after = max(cursor - 1, dropped)
    return Start(after if after < newest else None)


async def follow(
    source: Source, key: int, subscriber: Subscriber, start: Start
) -> AsyncGenerator[list[bytes], None]:
    """Batches of texts, without end; "now" is when this returns. Raises ConsumerTooSlow on the
    way (repos.events.streams.following)."""
    frames = await following.follow(source.feed(), key, start.after)
    return _texts(frames, subscriber, start)


async def _texts(
    frames: AsyncGenerator[list[bytes], None], subscriber: Subscriber, start: Start
) -> AsyncGenerator[list[bytes], None]:
    from_us = start.from_us
    try:
        async for batch in frames:
            texts = []
            for frame in batch:
                if frame is following.OUTDATED:
                    continue
                for part in encoding.parts(frame):
                    if from_us and int(part.time_us) < from_us:
                        continue
                    from_us = 0
                    if (text := text_of(part, subscriber)) is not None:
                        texts.append(text)
            if texts:
                yield texts
            else:
                await asyncio.sleep(0)  # others get their turn where nothing is wanted
    finally:
        await frames.aclose()
