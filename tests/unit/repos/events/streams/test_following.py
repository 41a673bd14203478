import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest

from hosting.models import Host
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from repos.events import append
from repos.events.firehose import FirehoseFeed
from repos.events.streams import following
from repos.events.streams.feed import Feed
from repos.events.streams.following import ConsumerTooSlow, FutureCursor, follow
from repos.reads.repos import RepoRow
from server.database import connection as database
from server.database.connection import conninfo
from tests.unit.repos.events import numbering

pytestmark = pytest.mark.django_db(transaction=True)

Scene = Callable[[Feed], Awaitable[Any]]


def say(repo: RepoRow, count: int) -> None:
    """Events of known number: the account's own four come first."""
    for _ in range(count):
        body = frames.identity_body(did=repo.did, time=append.time_text())
        append.append(repo.id, EventKind.IDENTITY, body)
    numbering.number()


def play(scene: Scene, ring_frames: int = 4_096) -> Any:
    """Run a scene with a feed of its own; database calls stay in this thread."""

    async def run() -> Any:
        feed = FirehoseFeed(conninfo(), ring_frames, 1_000_000)
        feed.start()
        try:
            return await asyncio.wait_for(scene(feed), 20)
        finally:
            await feed.stop()

    return asyncio.run(run())


async def take(stream: AsyncGenerator[list[bytes], None], count: int) -> list[int]:
    """The numbers of the next frames; 0 for a frame without one."""
    seqs: list[int] = []
    while len(seqs) < count:
        batch = await asyncio.wait_for(anext(stream), 60)
        seqs += [frames.parse(frame)[1].get("seq", 0) for frame in batch]
    return seqs


def test_without_a_cursor_only_what_is_new_comes(ash: Host, repo: RepoRow) -> None:
    numbering.number()

    async def scene(feed: Feed) -> list[int]:
        stream = await follow(feed, ash.pk, None)
        first = asyncio.create_task(take(stream, 2))
        await asyncio.sleep(0.2)
        database_work = asyncio.to_thread(say_in_thread, repo, 2)
        await database_work
        return await first

    assert play(scene) == [5, 6]


def test_a_cursor_gets_everything_after_it(ash: Host, repo: RepoRow) -> None:
    say(repo, 500)

    async def scene(feed: Feed) -> list[int]:
        return await take(await follow(feed, ash.pk, 10), 494)

    assert play(scene) == list(range(11, 505))


def test_a_cursor_in_the_future_is_refused(ash: Host, repo: RepoRow) -> None:
    numbering.number()

    async def scene(feed: Feed) -> None:
        await anext(await follow(feed, ash.pk, 5))

    with pytest.raises(FutureCursor):
        play(scene)


def test_a_cursor_older_than_what_is_kept_hears_so_first(ash: Host, repo: RepoRow) -> None:
    say(repo, 6)
    database.hot().execute("DELETE FROM event WHERE seq < 8")
    database.hot().execute("UPDATE event_counter SET dropped_seq = 7")

    async def scene(feed: Feed) -> list[int]:
        return await take(await follow(feed, ash.pk, 2), 4)

    assert play(scene) == [0, 8, 9, 10]


@pytest.mark.parametrize("cursor", [0, 2])
def test_what_a_deleted_account_took_along_is_not_missed(
    ash: Host, repo: RepoRow, cursor: int
) -> None:
    say(repo, 6)
    database.hot().execute("DELETE FROM event WHERE seq < 8")

    async def scene(feed: Feed) -> list[int]:
        return await take(await follow(feed, ash.pk, cursor), 3)

    assert play(scene) == [8, 9, 10]


@pytest.mark.parametrize("cursor", [0, -1])
def test_cursor_zero_is_everything_kept_without_a_warning(
    ash: Host, repo: RepoRow, cursor: int
) -> None:
    numbering.number()

    async def scene(feed: Feed) -> list[int]:
        return await take(await follow(feed, ash.pk, cursor), 4)

    assert play(scene) == [1, 2, 3, 4]


def test_a_host_hears_nothing_of_another(ash: Host, birch: Host, repo: RepoRow) -> None:
    numbering.number()

    async def scene(feed: Feed) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(await follow(feed, birch.pk, 0)), 0.5)

    play(scene)


def test_from_backfill_to_live_nothing_is_lost_or_repeated(ash: Host, repo: RepoRow) -> None:
    say(repo, 300)

    async def scene(feed: Feed) -> list[int]:
        writer = asyncio.create_task(asyncio.to_thread(say_in_thread, repo, 300, 7))
        seqs = await take(await follow(feed, ash.pk, 0), 604)
        await writer
        return seqs

    assert play(scene) == list(range(1, 605))


def test_a_replay_shows_nothing_that_was_erased_even_while_memory_has_it(
    ash: Host, repo: RepoRow
) -> None:
    numbering.number()

    async def scene(feed: Feed) -> list[int]:
        live = await follow(feed, ash.pk, None)
        heard = asyncio.create_task(take(live, 4))
        await asyncio.to_thread(say_in_thread, repo, 4)
        assert await heard == [5, 6, 7, 8]
        await asyncio.to_thread(erase_in_thread, [6, 8])
        late = await follow(feed, ash.pk, 4)
        replayed = await take(late, 2)
        await asyncio.to_thread(say_in_thread, repo, 1)
        return replayed + await take(late, 1)

    assert play(scene) == [5, 7, 9]


def test_a_slow_consumer_gets_everything_and_holds_up_nobody(ash: Host, repo: RepoRow) -> None:
    """The ring holds 16 frames: the slow one falls off it again and again."""
    numbering.number()

    async def slowly(feed: Feed) -> list[int]:
        seqs: list[int] = []
        stream = await follow(feed, ash.pk, 0)
        while len(seqs) < 304:
            seqs += await take(stream, 1)
            await asyncio.sleep(0.01)
        return seqs

    async def scene(feed: Feed) -> tuple[list[int], list[int]]:
        slow = asyncio.create_task(slowly(feed))
        writer = asyncio.create_task(asyncio.to_thread(say_in_thread, repo, 300, 5))
        fast = await take(await follow(feed, ash.pk, 0), 304)
        await writer
        return await slow, fast

    assert play(scene, ring_frames=16) == (list(range(1, 305)), list(range(1, 305)))


def test_a_consumer_too_far_behind_is_told_so(
    ash: Host, repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MAX_LAG", 20)
    numbering.number()

    async def scene(feed: Feed) -> None:
        stream = await follow(feed, ash.pk, 0)
        await take(stream, 4)
        first = asyncio.create_task(take(stream, 1))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(say_in_thread, repo, 1)
        await first
        await asyncio.to_thread(say_in_thread, repo, 100)
        for _ in range(60):  # until they have come as far as here
            await asyncio.sleep(0.8)
            await take(stream, 1)

    with pytest.raises(ConsumerTooSlow):
        play(scene, ring_frames=8)


def test_a_jump_of_the_numbers_is_no_lag(ash: Host, repo: RepoRow) -> None:
    numbering.number()

    async def scene(feed: Feed) -> list[int]:
        stream = await follow(feed, ash.pk, 0)
        await take(stream, 4)
        seqs = asyncio.create_task(take(stream, 3))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(say_in_thread, repo, 1)
        await asyncio.to_thread(jump_in_thread, ash.pk, 1_000_000)
        await asyncio.to_thread(say_in_thread, repo, 2)
        return await seqs

    assert play(scene) == [5, 1_000_006, 1_000_007]


@pytest.mark.parametrize("cursor", [4, 500_000])
def test_a_cursor_before_or_within_a_jump_gets_what_comes_after(
    ash: Host, repo: RepoRow, cursor: int
) -> None:
    numbering.number()
    jump_in_thread(ash.pk, 1_000_000)
    say(repo, 2)

    async def scene(feed: Feed) -> list[int]:
        return await take(await follow(feed, ash.pk, cursor), 2)

    assert play(scene) == [1_000_005, 1_000_006]


def test_the_stream_survives_the_loss_of_its_connections(ash: Host, repo: RepoRow) -> None:
    numbering.number()

    async def scene(feed: Feed) -> list[int]:
        stream = await follow(feed, ash.pk, 0)
        seqs = await take(stream, 4)
        await asyncio.to_thread(cut_others)
        await asyncio.to_thread(say_in_thread, repo, 3)
        return seqs + await take(stream, 3)

    assert play(scene) == list(range(1, 8))


def say_in_thread(repo: RepoRow, count: int, batch: int = 1_000) -> None:
    """From another thread, so with a connection of its own, in batches as they come."""
    from django.db import connection

    try:
        while count > 0:
            say(repo, min(batch, count))
            count -= batch
    finally:
        connection.close()


def jump_in_thread(host_id: int, step: int) -> None:
    from django.db import connection

    database.hot().execute(
        "UPDATE event_counter SET last_seq = last_seq + %s WHERE host_id = %s", (step, host_id)
    )
    connection.close()


def erase_in_thread(seqs: list[int]) -> None:
    from django.db import connection

    database.hot().execute("DELETE FROM event WHERE seq = ANY(%s)", (seqs,))
    connection.close()


def cut_others() -> None:
    from django.db import connection

    database.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'grove firehose'"
    )
    connection.close()
