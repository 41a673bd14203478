"""A relay reads a host elsewhere: what goes on, what is refused, and that a stop loses nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from hosting.models import Host
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from protocol.keys import SigningKey
from relay import accounts
from relay.ingestion import sockets
from relay.ingestion.crawler import Crawler
from relay.ingestion.preparing import SHARE
from relay.ingestion.writer import Writer
from relay.models import Rejection, RelayAccount, RelayEvent, RelayHost
from server.database import connection
from server.database.connection import conninfo
from server.net.http_client import addresses
from tests import factories
from tests.relay_authors import Author
from tests.relay_hosts import FakeHost, running_host

pytestmark = pytest.mark.django_db(transaction=True)

Scene = Callable[[FakeHost], Awaitable[Any]]
COMMIT = EventKind.COMMIT


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "on")  # scenes look at the database
    monkeypatch.setattr("relay.ingestion.crawler.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("relay.ingestion.crawler.TELL_EVERY_S", 0.05)
    monkeypatch.setattr("relay.ingestion.repairs.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("relay.ingestion.identities.ASK_EVERY_S", 0.0)
    monkeypatch.setattr("relay.verification.pool._PROCESSES", 1)


@asynccontextmanager
async def crawling() -> AsyncIterator[None]:
    """A crawler runs, as the one writer."""
    async with await psycopg.AsyncConnection.connect(conninfo(), autocommit=True) as connection:
        writer = Writer(connection)
        while not await writer.lead():
            await asyncio.sleep(0.01)
        task = asyncio.create_task(Crawler(conninfo()).run(writer))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def play(scene: Scene, limit: int = 100) -> None:
    """Run a scene with a host that the relay is to read."""

    async def run() -> None:
        async with running_host() as host:
            RelayHost.objects.create(hostname=host.name, account_limit=limit)
            await asyncio.wait_for(scene(host), 20)

    asyncio.run(run())


async def until(fact: Callable[[], bool]) -> None:
    while not fact():
        await asyncio.sleep(0.02)


async def done(host: FakeHost) -> None:
    """The relay is through with all that the host said."""
    last = max(seq for seq, _ in host.said)
    await until(lambda: RelayHost.objects.filter(seq=last).exists())


def went_on() -> list[bytes]:
    """Frames of the relay, as they would be with the number 1."""
    events = RelayEvent.objects.order_by("seq")
    return [frames.frame(e.kind, bytes(e.body), e.seq_at, 1) for e in events]


def refused() -> dict[str, int]:
    return dict(Rejection.objects.values_list("reason", "count"))


def say_commits(host: FakeHost, author: Author, count: int) -> list[bytes]:
    """Commits of an author; how they look with the number 1."""
    bodies = [author.write(10) for _ in range(count)]
    for body in bodies:
        host.say(COMMIT, body)
    return [frames.frame(COMMIT, body.data, body.seq_at, 1) for body in bodies]


def test_events_go_on_byte_for_byte_in_order_and_the_cursor_is_kept() -> None:
    async def scene(host: FakeHost) -> None:
        said = say_commits(host, host.author("ann"), 5) + say_commits(host, host.author("bob"), 5)
        async with crawling():
            await done(host)
        assert went_on() == said
        assert [e.seq for e in RelayEvent.objects.order_by("seq")] == list(range(1, 11))
        assert RelayHost.objects.get().account_count == 2

    play(scene)


def test_a_relay_that_is_stopped_anywhere_goes_on_where_it_was() -> None:
    async def scene(host: FakeHost) -> None:
        author, said = host.author("ann"), []
        for _ in range(3):
            async with crawling():
                said += say_commits(host, author, 4)
                await until(RelayEvent.objects.filter(did=author.did).exists)
        async with crawling():
            await done(host)
        assert went_on() == said
        assert host.cursors[-1] is not None

    play(scene)


def test_hostile_events_are_refused_and_counted_each_by_its_reason() -> None:
    async def scene(host: FakeHost) -> None:
        good, thief = host.author("ann"), host.author("thief")
        elsewhere = FakeHost(port=9)
        foreign = host.author("eve", elsewhere)
        kept = say_commits(host, good, 2)
        honest_key, thief.key = thief.key, SigningKey.generate()
        say_commits(host, thief, 1)
        thief.key = honest_key
        say_commits(host, foreign, 1)
        host.send(4, host.said[0][1])  # told again
        host.say(COMMIT, good.write(ahead_us=10**10), 5)
        host.send(6, b"\xff")
        host.say(EventKind.IDENTITY, good.identity("author.example"), 7)
        async with crawling():
            await done(host)
        assert went_on()[:2] == kept
        wanted = {"bad-signature", "foreign-did", "replayed", "future-rev", "malformed"}
        assert refused() == dict.fromkeys(wanted, 1)

    play(scene)


def test_an_account_that_lost_the_thread_is_repaired_by_a_sync() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        say_commits(host, author, 1)
        author.write()  # never told
        say_commits(host, author, 1)
        async with crawling():
            await until(lambda: RelayEvent.objects.filter(kind=EventKind.SYNC).exists())
            say_commits(host, author, 1)
            await done(host)
        assert refused() == {"wrong-prev-data": 1}
        assert [e.kind for e in RelayEvent.objects.order_by("seq")] == [1, 2, 1]
        assert RelayAccount.objects.get().status == "active"

    play(scene)


def test_an_inactive_accounts_host_is_asked_before_its_commits_go_on() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        host.say(EventKind.ACCOUNT, author.account(active=False, status="deactivated"))
        host.inactive.add(author.did)
        say_commits(host, author, 1)
        async with crawling():
            await done(host)
            assert refused() == {"inactive": 1}
            host.inactive.clear()
            say_commits(host, author, 1)
            await until(lambda: RelayEvent.objects.filter(kind=COMMIT).exists())
        assert "getRepoStatus" in host.asked

    play(scene)


def test_what_follows_an_event_that_the_host_is_asked_about_waits_with_it() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        kept = say_commits(host, author, 1)
        host.say(EventKind.ACCOUNT, author.account(active=False, status="deactivated"))
        async with crawling():
            await done(host)
        kept += say_commits(host, author, 1)
        host.say(EventKind.ACCOUNT, author.account())
        kept += say_commits(host, author, 1)
        async with crawling():
            await done(host)
        kinds = [e.kind for e in RelayEvent.objects.order_by("seq")]
        assert kinds == [COMMIT, EventKind.ACCOUNT, COMMIT, EventKind.ACCOUNT, COMMIT]
        assert (went_on()[::2], refused()) == (kept, {})

    play(scene)


def test_a_takedown_at_the_relay_forgets_and_tells_and_silences() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        say_commits(host, author, 2)
        async with crawling():
            await done(host)
            assert accounts.take_down(author.did, "spam")
            await until(RelayEvent.objects.exists)
            say_commits(host, author, 1)
            await done(host)
        assert went_on() == [
            frames.frame(EventKind.ACCOUNT, bytes(e.body), e.seq_at, 1)
            for e in RelayEvent.objects.all()
        ]
        assert refused() == {"taken-down": 1}

    play(scene)


def test_accounts_beyond_the_limit_are_throttled_and_counted() -> None:
    async def scene(host: FakeHost) -> None:
        kept = say_commits(host, host.author("ann"), 1)
        say_commits(host, host.author("bob"), 1)
        async with crawling():
            await done(host)
        assert went_on() == kept
        assert (refused(), RelayHost.objects.get().account_count) == ({"throttled": 1}, 2)

    play(scene, limit=1)


def test_the_host_of_before_is_refused_once_the_did_names_another() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        kept = say_commits(host, author, 1)
        async with crawling():
            await done(host)
            ours = RelayHost.objects.create(hostname="ash.example", inside_id=1, account_limit=0)
            RelayAccount.objects.update(host=ours)  # as relay_take_inside moves
            author.home = ours.hostname
            host.say(EventKind.ACCOUNT, author.account(active=False, status="deactivated"))
            await done(host)
        assert (went_on(), refused()) == (kept, {"foreign-did": 1})
        assert (RelayAccount.objects.get().host, RelayAccount.objects.get().status) == (
            ours,
            "active",
        )

    play(scene)


def test_a_commit_of_the_host_of_before_moves_nobody_back() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        kept = say_commits(host, author, 1)
        async with crawling():
            await done(host)
            ours = RelayHost.objects.create(hostname="ash.example", inside_id=1, account_limit=0)
            RelayAccount.objects.update(host=ours)
            author.home = ours.hostname
            say_commits(host, author, 1)
            await done(host)
        assert (went_on(), refused()) == (kept, {"foreign-did": 1})
        assert RelayAccount.objects.get().host == ours

    play(scene)


def test_one_who_moves_from_our_hosts_to_a_full_one_is_not_throttled(ash: Host) -> None:
    async def scene(host: FakeHost) -> None:
        mover = host.author("ann")
        RelayHost.objects.create(hostname="ash.example", inside_id=ash.pk, account_limit=0)
        factories.account_row(ash, did=mover.did, opened_at=timezone.now())
        kept = say_commits(host, mover, 1)
        async with crawling():
            await done(host)
        assert (went_on(), refused()) == (kept, {})
        assert RelayHost.objects.get(hostname=host.name).account_count == 1

    play(scene, limit=0)


def test_without_the_directory_an_account_is_at_the_host_that_is_remembered() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        say_commits(host, author, 1)
        async with crawling():
            await done(host)
            host.authors.clear()  # nobody answers for their documents
            host.say(EventKind.ACCOUNT, author.account(active=False, status="deactivated"))
            await done(host)
        assert (RelayAccount.objects.get().status, refused()) == ("deactivated", {})

    play(scene)


def test_what_staff_do_to_a_host_and_its_accounts_meanwhile_ends_nothing() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        kept = say_commits(host, author, 1)
        async with crawling():
            await done(host)
            async with await psycopg.AsyncConnection.connect(conninfo()) as staff:
                await staff.execute("SELECT FROM relay_host FOR UPDATE")
                kept += say_commits(host, author, 1)
                await until(somebody_waits)
                await staff.execute("UPDATE relay_account SET is_throttled = is_throttled")
            await done(host)
        assert went_on() == kept

    play(scene)


def somebody_waits() -> bool:
    waiting = "wait_event_type = 'Lock' AND datname = current_database()"
    return connection.row(f"SELECT FROM pg_stat_activity WHERE {waiting}", ()) is not None


def test_a_key_that_changed_is_looked_up_once_more() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        kept = say_commits(host, author, 1)
        async with crawling():
            await done(host)
            author.key = SigningKey.generate()
            kept += say_commits(host, author, 1)
            await done(host)
        assert (went_on(), refused()) == (kept, {})

    play(scene)


def test_a_relay_is_not_read_and_a_cursor_of_the_future_ends_the_reading() -> None:
    async def scene(host: FakeHost) -> None:
        host.server = "atproto-relay"
        async with crawling():
            await until(lambda: "relay itself" in RelayHost.objects.get().last_error)
            host.server = "a host"
            host.send(2**53, frames.error("FutureCursor"))
            RelayHost.objects.update(retry_at=None)
            await until(lambda: not RelayHost.objects.get().is_crawl_wanted)
        assert RelayHost.objects.get().seq == 0

    play(scene)


def test_commits_in_another_order_are_refused_and_the_account_is_repaired() -> None:
    async def scene(host: FakeHost) -> None:
        author = host.author("ann")
        say_commits(host, author, 1)
        first, second = author.write(10), author.write(10)
        host.say(COMMIT, second)
        host.say(COMMIT, first)
        async with crawling():
            await until(RelayEvent.objects.filter(kind=EventKind.SYNC).exists)
            await done(host)
        refusals = refused()
        assert refusals.pop("wrong-prev-data") == 1
        assert RelayAccount.objects.get().rev == author.rev

    play(scene)


def test_a_host_with_frames_beyond_all_bounds_is_hung_up_on_and_others_go_on() -> None:
    async def scene(host: FakeHost) -> None:
        kept = say_commits(host, host.author("ann"), 1)
        async with running_host() as hostile:
            hostile.send(1, bytes(5_000_001))
            RelayHost.objects.create(hostname=hostile.name, account_limit=100)
            async with crawling():
                await done(host)
                ended = RelayHost.objects.filter(hostname=hostile.name, last_error__contains="1009")
                await until(ended.exists)
        assert went_on() == kept

    play(scene)


def test_a_slow_host_holds_up_nobody_else() -> None:
    async def scene(host: FakeHost) -> None:
        async with running_host() as slow:
            slow.is_slow = True
            say_commits(slow, slow.author("eve"), 1)
            RelayHost.objects.create(hostname=slow.name, account_limit=100)
            async with crawling():
                await until(lambda: bool(slow.asked))
                kept = say_commits(host, host.author("ann"), 3)
                await done(host)
        assert went_on() == kept

    play(scene)


def test_a_host_is_read_at_the_address_where_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(_name: str) -> list[str]:
        return ["127.0.0.77", "127.0.0.1"]  # as where IPv6 leads nowhere

    async def scene(host: FakeHost) -> None:
        monkeypatch.setattr(addresses, "checked", found)
        async with sockets.opened(host.name, None) as socket:
            assert socket.remote_address[0] == "127.0.0.1"

    play(scene)


def test_dids_whose_servers_are_slow_hold_up_their_own_host_alone(settings: Settings) -> None:
    settings.RESOLVE_TIMEOUT_S = 60.0

    async def scene(slow: FakeHost) -> None:
        slow.is_slow = True
        for number in range(SHARE * 2):
            slow.say(EventKind.IDENTITY, slow.author(f"s{number}").identity())
        async with running_host() as host, crawling():
            RelayHost.objects.create(hostname=host.name, account_limit=100)
            await until(lambda: slow.asked.count("json") == SHARE)
            host.say(COMMIT, host.author("ann").write())
            await done(host)
        assert slow.asked.count("json") == SHARE

    play(scene)


def test_nothing_is_taken_in_while_the_disk_is_nearly_full(settings: Settings) -> None:
    settings.FREE_SPACE_BYTES = 2**62

    async def scene(host: FakeHost) -> None:
        host.say(COMMIT, host.author("ann").write())
        async with crawling():
            await until(RelayHost.objects.filter(last_error__contains="disk").exists)
            assert (RelayHost.objects.get().status, RelayEvent.objects.count()) == ("active", 0)
            settings.FREE_SPACE_BYTES = 0
            RelayHost.objects.update(retry_at=None)
            await done(host)

    play(scene)
