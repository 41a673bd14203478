"""What a subscriber gets of a host's events: cursors, filters, nobody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hosting.models import Host
from repos.events.json_streams import encoding, sources, subscriptions
from repos.events.json_streams.filters import Filter
from repos.events.json_streams.subscriptions import CursorTooOld, Start, Subscriber
from repos.models import Event, EventCounter
from repos.reads import repos
from repos.reads.repos import RepoRow
from tests.factories import open_account
from tests.unit.repos.events import numbering
from tests.unit.repos.events.streams.test_following import say, say_in_thread

pytestmark = pytest.mark.django_db(transaction=True)

Scene = Callable[[], Awaitable[Any]]


def play(scene: Scene) -> Any:
    """Run a scene in an event loop of its own."""

    async def run() -> Any:
        try:
            return await asyncio.wait_for(scene(), 20)
        finally:
            await sources.HOSTS.feed().stop()

    return asyncio.run(run())


async def get(
    host: Host, count: int, cursor: int | None, wanted: Filter | None = None
) -> list[dict[str, Any]]:
    """The next events after a cursor, as version 2 writes them, without the envelope."""
    start = await subscriptions.start_at(sources.HOSTS, host.pk, cursor, is_strict=False)
    subscriber = Subscriber(wanted or Filter(), encoding.enveloped)
    stream = await subscriptions.follow(sources.HOSTS, host.pk, subscriber, start)
    found: list[dict[str, Any]] = []
    while len(found) < count:
        found += [orjson.loads(text)["payload"] for text in await anext(stream)]
    await stream.aclose()
    return found


def seqs(host: Host, count: int, cursor: int | None, wanted: Filter | None = None) -> list[int]:
    async def scene() -> list[int]:
        return [event["seq"] for event in await get(host, count, cursor, wanted)]

    return play(scene)


def moment(seq: int) -> int:
    return encoding.microseconds(Event.objects.get(seq=seq).created_at)


def start(host: Host, cursor: int | None, *, is_strict: bool = True) -> Start:
    async def scene() -> Start:
        return await subscriptions.start_at(sources.HOSTS, host.pk, cursor, is_strict=is_strict)

    return play(scene)


def test_without_a_cursor_only_what_is_new_comes(ash: Host, repo: RepoRow) -> None:
    numbering.number()

    async def scene() -> list[int]:
        first = asyncio.create_task(get(ash, 2, None))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(say_in_thread, repo, 2)
        return [event["seq"] for event in await first]

    assert play(scene) == [5, 6]


def test_a_number_begins_with_that_event(ash: Host, repo: RepoRow) -> None:
    say(repo, 30)
    assert seqs(ash, 25, 10) == list(range(10, 35))


def test_a_moment_begins_with_the_first_event_of_then_or_later(ash: Host, repo: RepoRow) -> None:
    say(repo, 30)
    assert seqs(ash, 15, moment(20)) == list(range(20, 35))


def test_what_was_numbered_late_is_repeated_rather_than_left_out(ash: Host, repo: RepoRow) -> None:
    say(repo, 10)
    late = Event.objects.get(seq=9)
    Event.objects.filter(seq=14).update(created_at=late.created_at)
    assert seqs(ash, 6, encoding.microseconds(late.created_at)) == list(range(9, 15))


def test_the_future_is_now(ash: Host, repo: RepoRow) -> None:
    say(repo, 1)
    assert start(ash, 999) == Start(None)
    assert start(ash, moment(5) + 3_600_000_000) == Start(None)


def test_a_number_that_is_not_kept_is_refused_or_brought_forward(ash: Host, repo: RepoRow) -> None:
    say(repo, 3)
    EventCounter.objects.filter(host_id=ash.pk).update(dropped_seq=4)
    with pytest.raises(CursorTooOld):
        start(ash, 3)
    assert start(ash, 3, is_strict=False) == Start(4)


def test_a_moment_that_is_not_kept_begins_with_what_is(ash: Host, repo: RepoRow) -> None:
    say(repo, 3)
    EventCounter.objects.filter(host_id=ash.pk).update(dropped_seq=4)
    found = start(ash, moment(5) - 3_600_000_000)
    assert (found.after, found.is_outdated) == (4, True)


def test_records_come_as_json_and_only_what_is_wanted_comes(ash: Host, repo: RepoRow) -> None:
    say(repo, 2)
    wanted = Filter(kinds=frozenset({b"account"}))

    async def scene() -> list[dict[str, Any]]:
        return await get(ash, 1, 1, wanted)

    (told,) = play(scene)
    assert (told["did"], told["account"]["active"]) == (repo.did, True)


def test_a_size_leaves_out_what_is_larger(ash: Host, repo: RepoRow) -> None:
    say(repo, 2)
    wanted = Filter(max_bytes=10)
    subscriber = Subscriber(wanted, encoding.enveloped)

    async def scene() -> bool:
        stream = await subscriptions.follow(sources.HOSTS, ash.pk, subscriber, Start(0))
        first = asyncio.ensure_future(anext(stream))
        done, _ = await asyncio.wait([first], timeout=0.3)
        first.cancel()
        await asyncio.wait([first])
        return bool(done)

    assert not play(scene)
    subscriber.filter = replace(wanted, max_bytes=0)
    assert seqs(ash, 5, 1, subscriber.filter) == [1, 2, 4, 5, 6]  # the first commit has no record


def test_a_stream_has_nobody_elses_events(ash: Host, birch: Host, repo: RepoRow) -> None:
    theirs = repos.find_repo(birch, open_account(birch).did)
    say(repo, 3)
    say(theirs, 1)

    async def scene() -> set[str]:
        return {event["did"] for event in await get(birch, 4, 0)}

    assert play(scene) == {theirs.did}
