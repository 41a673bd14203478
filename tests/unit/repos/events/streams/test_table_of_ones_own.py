"""Any table of numbered rows is followed, by saying what its columns are."""

import asyncio
from collections.abc import Iterator

import pytest

from repos.events.streams.feed import Feed
from repos.events.streams.following import FutureCursor, follow
from repos.events.streams.table import StreamTable
from server.database import connection as database
from server.database.connection import conninfo

pytestmark = pytest.mark.django_db(transaction=True)

MADE = """
    CREATE TABLE note (topic bigint, seq bigint, position bigint, body bytea);
    CREATE TABLE note_counter (topic bigint PRIMARY KEY, last_seq bigint, dropped_seq bigint);
    INSERT INTO note_counter VALUES (0, 4, 0), (7, 3, 1), (8, 1, 0);
    INSERT INTO note VALUES (7, 2, 2, 'b'), (8, 1, 3, 'other'), (7, 3, 4, 'c')
"""
MORE = """
    INSERT INTO note VALUES (7, 4, 5, 'd'), (8, 2, 6, 'other'), (7, 5, 7, 'e');
    UPDATE note_counter SET last_seq = last_seq + 2;
    NOTIFY notes
"""
NOTES = StreamTable(
    name="note",
    key="topic",
    columns=("body",),
    frame=lambda body, seq: b"%d %b" % (seq, body),
    counter="note_counter",
    channel="notes",
)


@pytest.fixture(autouse=True)
def notes() -> Iterator[None]:
    database.hot().execute(MADE)
    yield
    database.hot().execute("DROP TABLE note, note_counter")


def heard(cursor: int | None, count: int) -> list[bytes]:
    """The frames of topic 7 after a cursor, while two more come."""

    async def run() -> list[bytes]:
        feed = Feed(NOTES, conninfo())
        feed.start()
        try:
            stream = await follow(feed, 7, cursor)
            await asyncio.to_thread(write_more)
            found: list[bytes] = []
            while len(found) < count:
                found += await asyncio.wait_for(anext(stream), 60)
            await stream.aclose()
            return found
        finally:
            await feed.stop()

    return asyncio.run(run())


def write_more() -> None:
    from django.db import connection

    database.hot().execute(MORE)
    connection.close()


def test_what_is_kept_comes_before_what_is_new() -> None:
    assert heard(1, 4) == [b"2 b", b"3 c", b"4 d", b"5 e"]


def test_without_a_cursor_only_what_is_new_comes() -> None:
    assert heard(None, 2) == [b"4 d", b"5 e"]


def test_what_retention_took_is_said_first() -> None:
    assert b"OutdatedCursor" in heard(0, 5)[0]


def test_a_cursor_of_another_stream_is_refused() -> None:
    with pytest.raises(FutureCursor):
        heard(4, 1)
