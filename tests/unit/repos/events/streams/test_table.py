import asyncio

import pytest

from hosting.models import Host
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from repos.events import append
from repos.events.firehose import EVENTS
from repos.events.streams import table
from repos.events.streams.table import Page, TableReader
from repos.reads.repos import RepoRow
from server.database.connection import conninfo
from tests.unit.repos.events import numbering

pytestmark = pytest.mark.django_db(transaction=True)


def say_bytes(repo: RepoRow, size: int) -> None:
    body = frames.sync_body(did=repo.did, rev="r", blocks=bytes(size), time=append.time_text())
    append.append(repo.id, EventKind.SYNC, body)


def page(host: Host, after: int, limit: int) -> Page | None:
    async def read() -> Page | None:
        reader = TableReader(EVENTS, conninfo())
        try:
            return await reader.page(host.pk, after, limit)
        finally:
            await reader.close()

    return asyncio.run(read())


def ends(found: Page | None) -> tuple[int, int] | None:
    """The first and the last number of a page that has a frame for each."""
    if found is None or len(found.frames) != found.last_seq - found.first_seq + 1:
        return None
    return found.first_seq, found.last_seq


def test_a_page_is_bounded_by_count_and_goes_on_after_its_cursor(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    assert ends(page(ash, 1, 2)) == (2, 3)
    assert page(ash, 4, 2) is None


def test_a_page_ends_with_the_event_that_fills_it(ash: Host, repo: RepoRow) -> None:
    for _ in range(4):
        say_bytes(repo, table.PAGE_BYTES // 2)
    numbering.number()
    assert ends(page(ash, 4, 200)) == (5, 6)
    assert ends(page(ash, 6, 200)) == (7, 8)


def test_an_event_larger_than_a_page_still_comes(ash: Host, repo: RepoRow) -> None:
    say_bytes(repo, table.PAGE_BYTES * 2)
    numbering.number()
    found = page(ash, 4, 200)
    assert found is not None
    assert [len(frame) > table.PAGE_BYTES * 2 for frame in found.frames] == [True]
