"""Many writers: in threads of their own and side by side in gatherings; on one repo, on many, and
with a sequencer killed under them."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from accounts.models import Account
from hosting.models import Host
from repos.commits import group_commit, writes
from repos.commits.group_commit import Applied
from repos.commits.plan import InvalidSwap
from repos.models import Record
from repos.reads import repos as reads
from repos.reads.repos import RepoRow
from server.database import connection as database
from server.web.threads.batching import Batch
from tests.factories import open_account
from tests.unit.repos.events import numbering
from tests.unit.repos.events.firehose import stream
from tests.unit.repos.events.test_sequencer import await_numbered

pytestmark = pytest.mark.django_db(transaction=True)
THING = "com.example.thing"
ConcurrencyLimit = Callable[[int, Callable[[int], None]], list[BaseException]]
NUMBERED = "SELECT seq, repo_id, id FROM event WHERE host_id = %s ORDER BY seq"


def in_threads(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run `work(0..count-1)` at once, each on a connection of its own; returns what was raised."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as failure:  # noqa: BLE001 - handed to the test
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def in_gatherings(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """The same in two threads, each running half of them side by side."""
    failures: list[BaseException] = []

    def gather(half: int) -> None:
        jobs = [(partial(work, number), None) for number in range(half, count, 2)]
        batch = Batch(list, lambda ended: failures.extend(f for _, _, f in ended if f))
        batch.run(jobs)

    return in_threads(2, gather) + failures


@pytest.fixture(params=[in_threads, in_gatherings])
def at_once(request: pytest.FixtureRequest) -> ConcurrencyLimit:
    return request.param


@pytest.fixture
def account(ash: Host) -> Account:
    return open_account(ash)


@pytest.fixture
def repo(account: Account) -> RepoRow:
    return reads.find_repo(account.host, account.did)


@pytest.mark.long
def test_every_acknowledged_write_of_eight_writers_survives(
    account: Account, repo: RepoRow, at_once: ConcurrencyLimit
) -> None:
    acknowledged: dict[str, Applied] = {}

    def write(thread: int) -> None:
        for n in range(25):
            wanted = writes.create(THING, f"t{thread}-{n}", {"n": n})
            acknowledged[wanted.rkey] = group_commit.apply_writes(repo, [wanted])

    assert at_once(8, write) == []
    assert set(Record.objects.values_list("rkey", flat=True)) == set(acknowledged)
    assert stream.check_chain(repo.id, account.signing_did_key) == 201
    assert len({applied.rev for applied in acknowledged.values()}) == 200


def test_one_of_eight_swaps_of_the_same_head_wins(repo: RepoRow, at_once: ConcurrencyLimit) -> None:
    def write(thread: int) -> None:
        wanted = writes.create(THING, f"t{thread}", {"n": thread})
        group_commit.apply_writes(repo, [wanted], swap_commit=repo.head)

    failures = at_once(8, write)
    assert [type(failure) for failure in failures] == [InvalidSwap] * 7
    assert Record.objects.count() == 1


def test_one_of_eight_swaps_of_the_same_record_wins(
    repo: RepoRow, at_once: ConcurrencyLimit
) -> None:
    first = group_commit.apply_writes(repo, [writes.put(THING, "k", {"n": -1})]).results[0].cid

    def write(thread: int) -> None:
        group_commit.apply_writes(repo, [writes.put(THING, "k", {"n": thread}, None, first)])

    assert [type(failure) for failure in at_once(8, write)] == [InvalidSwap] * 7


def test_of_eight_likes_of_one_subject_the_last_remains(
    repo: RepoRow, at_once: ConcurrencyLimit
) -> None:
    record = {"subject": "did:plc:abcdefghijklmnopqrstuvwx", "createdAt": "2026-11-22T12:00:00Z"}

    def follow(_: int) -> None:
        group_commit.apply_writes(repo, [writes.create("app.bsky.graph.follow", None, record)])

    assert at_once(8, follow) == []
    assert Record.objects.count() == 1


@pytest.mark.long
def test_numbers_have_no_gap_and_keep_each_repos_order(
    ash: Host, at_once: ConcurrencyLimit
) -> None:
    repos = [reads.find_repo(ash, open_account(ash).did) for _ in range(8)]

    def write(thread: int) -> None:
        for n in range(20):
            for shift in (0, 1):
                repo = repos[(thread + shift) % 8]
                wanted = writes.create(THING, f"t{thread}-{n}-{shift}", {"n": n})
                group_commit.apply_writes(repo, [wanted])

    with numbering.running():
        assert at_once(8, write) == []
        await_numbered(8 * 4 + 320)
    assert_one_order(ash, 8 * 4 + 320)


@pytest.mark.long
def test_a_killed_sequencer_loses_and_repeats_nothing(ash: Host) -> None:
    repos = [reads.find_repo(ash, open_account(ash).did) for _ in range(4)]
    is_over = threading.Event()
    written = [0] * 4

    def write(thread: int) -> None:
        while not is_over.is_set():
            wanted = writes.create(THING, None, {"n": written[thread]})
            group_commit.apply_writes(repos[thread], [wanted])
            written[thread] += 1

    killer = threading.Thread(target=kill_sequencers, args=(5, is_over))
    killer.start()
    assert in_threads(4, write) == []
    killer.join()
    with numbering.running():
        await_numbered(4 * 4 + sum(written))
    assert_one_order(ash, 4 * 4 + sum(written))


def kill_sequencers(count: int, is_over: threading.Event) -> None:
    """One after the other, each in the middle of its work."""
    try:
        for _ in range(count):
            process = numbering.start()
            before = database.row("SELECT count(seq) FROM event")
            while database.row("SELECT count(seq) FROM event") == before:
                is_over.wait(0.01)
            process.kill()
            process.wait()
    finally:
        is_over.set()
        connection.close()


def assert_one_order(host: Host, count: int) -> None:
    """Numbers 1..count, and within each repo in the order in which its events were made."""
    rows = database.rows(NUMBERED, (host.pk,))
    assert [seq for seq, _, _ in rows] == list(range(1, count + 1))
    newest: dict[int, int] = {}
    for _, repo_id, event_id in rows:
        assert event_id > newest.get(repo_id, 0)
        newest[repo_id] = event_id
