import asyncio
from collections.abc import Collection

import pytest

from hosting.models import Host
from protocol.event_stream import frames
from repos.events.firehose import EVENTS
from repos.events.streams import tailer
from repos.events.streams.tailer import Tailer
from repos.reads.repos import RepoRow
from server.database.connection import conninfo
from tests.factories import open_account
from tests.unit.repos.events import numbering
from tests.unit.repos.events.streams.test_following import say, say_in_thread
from tests.unit.repos.events.streams.test_table import say_bytes

pytestmark = pytest.mark.django_db(transaction=True)
Heard = list[tuple[int, int]]


def tail(followed: Collection[int], repo: RepoRow, count: int, until: int = 0) -> Heard:
    """(host, seq) of what a tailer hands on while a repo says `count` things, as far as `until`,
    and for a little longer."""
    heard: Heard = []

    def sink(host_id: int, first_seq: int, encoded: list[bytes]) -> None:
        seqs = [frames.parse(frame)[1]["seq"] for frame in encoded]
        assert seqs == list(range(first_seq, first_seq + len(seqs)))
        heard.extend((host_id, seq) for seq in seqs)

    async def run() -> None:
        tailing = Tailer(EVENTS, conninfo(), sink, lambda: followed)
        task = asyncio.create_task(tailing.run())
        await tailing.is_placed.wait()
        await asyncio.to_thread(say_in_thread, repo, count)
        async with asyncio.timeout(60):
            while until and (not heard or heard[-1][1] < until):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    return heard


def test_it_hands_on_what_is_numbered_from_now_on(ash: Host, repo: RepoRow) -> None:
    say(repo, 3)
    assert tail([ash.pk], repo, 2, until=9) == [(ash.pk, 8), (ash.pk, 9)]


def test_hosts_that_nobody_follows_are_passed_over(ash: Host, birch: Host, repo: RepoRow) -> None:
    open_account(birch)
    numbering.number()
    assert tail([birch.pk], repo, 2) == []


def test_a_page_full_by_count_is_followed_by_the_next_at_once(
    ash: Host, repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbering.number()
    monkeypatch.setattr(tailer, "PAGE", 7)
    monkeypatch.setattr(tailer, "PACE_S", 0.2)
    assert [seq for _, seq in tail([ash.pk], repo, 30, until=34)] == list(range(5, 35))


def test_a_page_full_by_size_is_followed_by_the_next(ash: Host, repo: RepoRow) -> None:
    for _ in range(3):
        say_bytes(repo, 5_000_000)
    assert [seq for _, seq in tail([ash.pk], repo, 1, until=8)] == list(range(1, 9))
