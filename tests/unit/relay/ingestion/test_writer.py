"""Batches that were prepared before something changed and are written after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest
from django.utils import timezone

from hosting.models import Host
from protocol.event_stream.frames import EventKind
from relay import accounts
from relay.ingestion.identities import Identities
from relay.ingestion.preparing import Preparer
from relay.ingestion.writer import Batch, Writer
from relay.models import RelayAccount, RelayEvent, RelayHost
from relay.verification import envelope
from relay.verification.pool import VerifierPool
from server.database.connection import conninfo
from server.net.http_client import Connections
from tests import factories
from tests.relay_authors import Author
from tests.relay_hosts import FakeHost, running_host

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _database_in_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "on")


@asynccontextmanager
async def writing() -> AsyncIterator[Writer]:
    """A writer that writes what is handed in."""
    async with await psycopg.AsyncConnection.connect(conninfo(), autocommit=True) as connection:
        writer = Writer(connection)
        while not await writer.lead():
            await asyncio.sleep(0.01)
        task = asyncio.create_task(writer.run())
        try:
            yield writer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def preparing() -> AsyncIterator[Preparer]:
    connections, pool = Connections(), VerifierPool(1)
    try:
        yield Preparer(Identities(connections), pool)
    finally:
        await pool.close()
        await connections.aclose()


def account_of(host: RelayHost, author: Author) -> RelayAccount:
    return RelayAccount.objects.create(did=author.did, host=host)


def test_a_batch_of_before_a_move_that_is_written_after_it_moves_nobody_back() -> None:
    async def scene(host: FakeHost) -> None:
        theirs = RelayHost.objects.create(hostname=host.name, account_limit=100)
        ours = RelayHost.objects.create(hostname="ash.example", inside_id=1, account_limit=0)
        author = host.author("ann")
        account_of(theirs, author)
        seq = host.say(EventKind.ACCOUNT, author.account(active=False, status="deactivated"))
        event = envelope.read(host.said[-1][1])
        assert event
        async with preparing() as preparer, writing() as writer:
            batch = Batch(theirs.pk, await preparer.prepare(host.name, [event]), seq)
            author.home = ours.hostname  # the document is changed, and the new host is heard first
            RelayAccount.objects.update(host=ours)
            await writer.submit(batch)
            assert await preparer.are_at(host.name, [author.did]) == set()
        assert len(batch.unsure) == 1
        assert RelayAccount.objects.get().host == ours
        assert not RelayEvent.objects.exists()

    play(scene)


def test_what_was_on_its_way_when_staff_took_an_account_down_is_forgotten_too() -> None:
    async def scene(host: FakeHost) -> None:
        account = account_of(
            RelayHost.objects.create(hostname=host.name, account_limit=1), host.author("a")
        )
        assert accounts.take_down(account.did, "spam")
        RelayEvent.objects.create(
            seq=1, created_at=timezone.now(), host_id=account.host_id, did=account.did, kind=1,
            seq_at=1, body=b"x",
        )  # fmt: skip
        async with writing() as writer:
            assert await writer.tell_statuses() == 1
        assert [e.kind for e in RelayEvent.objects.all()] == [EventKind.ACCOUNT]

    play(scene)


def test_an_account_of_ours_that_is_restored_is_told_as_it_is_at_its_host(ash: Host) -> None:
    async def scene(_host: FakeHost) -> None:
        RelayHost.objects.create(hostname="ash.example", inside_id=ash.pk, account_limit=0)
        row = factories.account_row(ash, opened_at=timezone.now(), deactivated_at=timezone.now())
        async with writing() as writer:
            assert accounts.take_down(row.did, "spam")
            assert accounts.restore(row.did)
            await writer.tell_statuses()
        assert b"deactivated" in bytes(RelayEvent.objects.get().body)

    play(scene)


def test_a_document_that_was_asked_too_lately_is_asked_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene(host: FakeHost) -> None:
        author, connections = host.author("ann"), Connections()
        identities = Identities(connections)
        monkeypatch.setattr("relay.ingestion.identities.ASK_EVERY_S", 3_600.0)
        await identities.find(author.did)
        author.home = "elsewhere.example"
        before = await identities.refresh(author.did)
        assert before
        assert before.host == host.name  # asked a moment ago: not again at once
        before.ask_again_at -= 3_600.0
        after = await identities.find(author.did)
        assert after
        assert after.host == author.home
        await connections.aclose()

    play(scene)


def play(scene: Callable[[FakeHost], Awaitable[None]]) -> None:
    async def run() -> None:
        async with running_host() as host:
            await asyncio.wait_for(scene(host), 20)

    asyncio.run(run())
