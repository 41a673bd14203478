"""Batches that were prepared before something changed and are written after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest
from django.db import transaction
from django.utils import timezone

from hosting.models import Host
from protocol import tid
from protocol.event_stream.frames import EventKind
from relay import accounts
from relay.ingestion.decisions import Prepared
from relay.ingestion.identities import Identities
from relay.ingestion.preparing import Preparer
from relay.ingestion.writer import Batch, Writer
from relay.models import RelayAccount, RelayEvent, RelayHost
from relay.verification import envelope
from relay.verification.checks import Checked
from relay.verification.pool import VerifierPool
from repos.models import Repo
from server.database import connection
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


def a_commit(host: RelayHost, did: str, rev: str, prev_data: bytes, moves_from: RelayHost) -> Batch:
    """One of an account whose DID names this host since it was asked."""
    said = Checked(b"", 0, rev=rev, head=b"head", data=b"data", prev_data=prev_data)
    event = Prepared(EventKind.COMMIT, 1, did, said, moves_from=moves_from.pk)
    return Batch(host.pk, [event], 1, is_asked=True)


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


def test_one_of_ours_who_moved_out_goes_on_from_what_was_said_here(ash: Host) -> None:
    async def scene(host: FakeHost) -> None:
        ours = RelayHost.objects.create(hostname="ash.example", inside_id=ash.pk, account_limit=0)
        theirs = RelayHost.objects.create(hostname=host.name, account_limit=100)
        row = factories.open_account(ash)
        repo = Repo.objects.get(pk=row.pk)
        later = tid.encode(tid.decode(repo.rev)[0] + 1, 0)
        async with writing() as writer:
            for rev, data in ((repo.first_rev, b""), (later, repo.data)):
                await writer.submit(a_commit(theirs, row.did, rev, bytes(data), moves_from=ours))
        assert [each.reason for each in theirs.rejections.all()] == ["old-rev"]
        moved = RelayAccount.objects.get()
        assert (moved.rev, moved.host, moved.desynchronized_at) == (later, theirs, None)
        assert RelayEvent.objects.count() == 1

    play(scene)


def test_hosts_are_locked_before_their_accounts_also_where_one_moves_from() -> None:
    async def scene(host: FakeHost) -> None:
        old = RelayHost.objects.create(hostname="old.example", account_limit=0, account_count=1)
        new = RelayHost.objects.create(hostname=host.name, account_limit=9)
        account = RelayAccount.objects.create(did="did:plc:moves", host=old, is_throttled=True)
        async with writing() as writer:
            with transaction.atomic():  # staff change the limit of the old host
                RelayHost.objects.select_for_update(no_key=True).get(pk=old.pk)
                moving = a_commit(new, account.did, "3kzzz2222222k", b"", moves_from=old)
                task = asyncio.create_task(writer.submit(moving))
                while not connection.rows("SELECT FROM pg_locks WHERE NOT granted", ()):
                    await asyncio.sleep(0.01)
                assert RelayAccount.objects.select_for_update(nowait=True).get()
            await task
        assert RelayAccount.objects.get().host == new

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
