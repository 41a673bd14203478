import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from hosting.models import Host
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from repos.events import append
from repos.reads import repos as reads
from repos.reads.repos import RepoRow
from server.database import connection as database
from server.database.connection import conninfo
from tests.unit.repos.events import numbering

NUMBERS = "SELECT seq, position FROM event WHERE host_id = %s ORDER BY id"


def say(repo: RepoRow, count: int = 1) -> None:
    for _ in range(count):
        body = frames.identity_body(did=repo.did, time=append.time_text())
        append.append(repo.id, EventKind.IDENTITY, body)


def seqs(host: Host) -> list[int | None]:
    return [seq for seq, _ in database.rows(NUMBERS, (host.pk,))]


def test_an_event_has_no_number_until_the_sequencer_gives_it_one(ash: Host, repo: RepoRow) -> None:
    assert seqs(ash) == [None] * 4
    assert numbering.number() == 4
    assert seqs(ash) == [1, 2, 3, 4]


def test_numbers_go_on_where_they_stopped(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    say(repo, 3)
    numbering.number()
    assert seqs(ash) == list(range(1, 8))


def test_each_host_counts_for_itself_and_the_platform_for_all(ash, birch, new_account) -> None:
    from tests.factories import open_account

    repos = [reads.find_repo(host, open_account(host).did) for host in (ash, birch, ash)]
    say(repos[1])
    numbering.number()
    assert (seqs(ash), seqs(birch)) == (list(range(1, 9)), list(range(1, 6)))
    positions = database.rows("SELECT position FROM event ORDER BY id")
    assert [position for (position,) in positions] == list(range(1, 14))


def test_a_batch_takes_no_more_than_its_limit(ash: Host, repo: RepoRow) -> None:
    assert numbering.number(3) == 3
    assert seqs(ash) == [1, 2, 3, None]
    assert numbering.number(3) == 1
    assert numbering.number(3) == 0


def test_a_rolled_back_batch_is_numbered_again_without_a_gap(ash: Host, repo: RepoRow) -> None:
    with database.hot().transaction(force_rollback=True):
        numbering.number()
    numbering.number()
    assert seqs(ash) == [1, 2, 3, 4]


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_the_process_numbers_and_a_standby_takes_over(ash: Host, repo: RepoRow) -> None:
    with numbering.running() as leader:
        await_numbered(4)
        with numbering.running():
            leader.kill()
            leader.wait()
            say(repo, 2)
            await_numbered(6)
        leader.returncode = 0
    assert seqs(ash) == list(range(1, 7))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_leader_killed_under_load_is_followed(ash: Host, repo: RepoRow) -> None:
    with numbering.running() as leader:
        await_numbered(4)
        with numbering.running():
            with speaking(repo) as said:
                time.sleep(0.7)
                leader.kill()
                leader.wait()
                await_numbered_beyond(numbered_count())
            await_numbered(4 + len(said))
        leader.returncode = 0
    assert seqs(ash) == list(range(1, 5 + len(said)))


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_the_process_comes_back_after_its_connection_was_cut(ash: Host, repo: RepoRow) -> None:
    with numbering.running():
        await_numbered(4)
        database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'grove sequencer'"
        )
        say(repo)
        await_numbered(5)


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_announced_once(ash: Host, repo: RepoRow) -> None:
    with psycopg.connect(conninfo(), autocommit=True) as listener:
        listener.execute("LISTEN firehose")
        numbering.number()
        heard = [notify.payload for notify in listener.notifies(timeout=0.3)]
    assert heard == ["4"]


def numbered_count() -> int:
    found = database.row("SELECT count(seq) FROM event")
    assert found is not None
    return int(found[0])


def await_numbered(count: int) -> None:
    deadline = time.monotonic() + 100
    while numbered_count() != count:
        assert time.monotonic() < deadline, "the sequencer does not number"
        time.sleep(0.005)


def await_numbered_beyond(count: int) -> None:
    deadline = time.monotonic() + 100
    while numbered_count() <= count:
        assert time.monotonic() < deadline, "nobody took over"
        time.sleep(0.005)


@contextmanager
def speaking(repo: RepoRow) -> Iterator[list[int]]:
    """Somebody says things all the time, from a thread of its own; the list grows with each."""
    said: list[int] = []
    is_over = threading.Event()

    def speak() -> None:
        try:
            while not is_over.wait(0.002):
                say(repo)
                said.append(1)
        finally:
            connection.close()

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        yield said
    finally:
        is_over.set()
        speaker.join()
