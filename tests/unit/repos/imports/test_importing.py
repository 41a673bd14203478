"""Imports and writers at once: all of one, then all of the other, and never a mixture."""

import contextlib
import threading
from collections.abc import Callable

import pytest
from django.db import connection

from protocol import car, cbor, cid, mst
from protocol.event_stream.frames import EventKind
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.commits import group_commit, refusals, writes
from repos.imports import car_file, importing, receive, staging
from repos.imports.faults import RefusedRecords
from repos.imports.importing import RepoBusy
from repos.maintenance import check
from repos.models import Event, Record, Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from tests.factories import open_account
from tests.unit.repos.imports.test_jobs import THING, repo_car

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def hang_up(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    yield
    long_reads.close_idle()


@pytest.fixture
def repo(ash) -> RepoRow:
    return repos.find_repo(ash, open_account(ash).did)


def import_car(repo: RepoRow, count: int) -> None:
    with car_file.receive([repo_car(repo.did, count)]) as received:
        importing.import_repo(repo.id, received, lambda _count: None)


def import_at_last(repo: RepoRow, count: int, slow_down: Callable[[], None]) -> None:
    """Import as a client does: again when others were quicker each time, who then slow down (on a
    busy machine an import takes longer than they pause)."""
    for _ in range(12):
        with contextlib.suppress(RepoBusy):
            return import_car(repo, count)
        slow_down()
    raise AssertionError("never got in")


def import_first(repo: RepoRow, data: bytes) -> bool:
    with car_file.receive([data]) as received:
        return importing.import_first(repo.id, received)


def write(repo: RepoRow, rkey: str) -> None:
    group_commit.apply_writes(repo, [writes.put(THING, rkey, {"n": rkey})])


def test_a_commit_in_between_makes_the_import_start_over(repo: RepoRow, monkeypatch) -> None:
    stage = staging.stage
    between = iter(["a", "b"])

    def and_then_a_write(*args):
        staged = stage(*args)
        if (rkey := next(between, None)) is not None:
            write(repo, rkey)
        return staged

    monkeypatch.setattr(staging, "stage", and_then_a_write)
    import_car(repo, 50)
    report = check.check_repo(repo.id, lambda _count: None)
    assert (report.damages, report.record_count) == ([], 50)


def test_an_import_that_never_gets_a_turn_says_so(repo: RepoRow, monkeypatch) -> None:
    stage, numbers = staging.stage, iter(range(100))

    def and_then_a_write(*args):
        staged = stage(*args)
        write(repo, f"k{next(numbers)}")
        return staged

    monkeypatch.setattr(staging, "stage", and_then_a_write)
    with pytest.raises(RepoBusy):
        import_car(repo, 50)
    assert check.check_repo(repo.id, lambda _count: None).damages == []


def test_writers_beside_imports_leave_a_whole_repo_and_rising_revs(repo: RepoRow) -> None:
    stop, pause_s = threading.Event(), [0.02]

    def keep_writing() -> None:
        number = 0
        while not stop.is_set():
            write(repo, f"w{number}")
            number += 1
            stop.wait(pause_s[-1])
        connection.close()

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for count in (300, 5, 200):
            import_at_last(repo, count, lambda: pause_s.append(2 * pause_s[-1]))
    finally:
        stop.set()
        writer.join()
    assert check.check_repo(repo.id, lambda _count: None).damages == []
    assert Event.objects.filter(repo_id=repo.id, kind__in=[1, 2]).exists()


def test_a_deactivated_account_imports_in_silence(repo: RepoRow) -> None:
    Repo.objects.filter(pk=repo.id).update(status="deactivated")
    before = Event.objects.count()
    import_car(repo, 50)
    assert Repo.objects.get(pk=repo.id).record_count == 50
    assert Event.objects.count() == before


@pytest.mark.parametrize("status", ["takendown", "suspended"])
def test_what_takes_no_commits_takes_no_imports(repo: RepoRow, status: str) -> None:
    Repo.objects.filter(pk=repo.id).update(status=status)
    with pytest.raises((refusals.AccountTakedown, refusals.AccountSuspended)):
        import_car(repo, 3)


def test_an_empty_repo_is_filled_in_one_go(repo: RepoRow) -> None:
    assert import_first(repo, repo_car(repo.did, 300))
    report = check.check_repo(repo.id, lambda _count: None)
    assert (report.damages, report.record_count) == ([], 300)
    assert Event.objects.filter(repo_id=repo.id).order_by("id").last().kind == EventKind.SYNC


@pytest.mark.parametrize("count", [0, 3])
def test_a_repo_that_is_not_empty_or_would_stay_so_is_for_the_longer_way(
    repo: RepoRow, count: int
) -> None:
    if count:
        write(repo, "a")
    before = Repo.objects.get(pk=repo.id).rev
    assert not import_first(repo, repo_car(repo.did, count))
    assert Repo.objects.get(pk=repo.id).rev == before


@pytest.mark.parametrize("fault", ["not a record", "absent"])
def test_of_a_first_import_with_one_bad_record_nothing_is_left(repo: RepoRow, fault: str) -> None:
    bad = cbor.encode([1])
    keys = [f"{THING}/{number:04}".encode() for number in range(2_000)]
    records = {key: cbor.encode({"text": "x" * 400, "key": key}) for key in keys} | {keys[-1]: bad}
    cids = {key: cid.of_dag_cbor(block) for key, block in records.items()}
    root, nodes = mst.build(cids.items())
    signed = commit.sign(repo.did, "3ke6kg3wk222b", root, SigningKey.generate())
    blocks = {signed.cid: signed.block, **nodes, **{cids[key]: records[key] for key in keys}}
    if fault == "absent":
        del blocks[cids[keys[-1]]]
    before = Repo.objects.get(pk=repo.id).rev
    with pytest.raises(RefusedRecords, match="1999"):
        import_first(repo, car.write(signed.cid, blocks.items()))
    assert not Record.objects.filter(repo_id=repo.id).exists()
    report = check.check_repo(repo.id, lambda _count: None)
    assert (report.damages, Repo.objects.get(pk=repo.id).rev) == ([], before)


def test_a_first_import_sent_twice_at_once_is_one_import(repo: RepoRow, tmp_path) -> None:
    data, failures = repo_car(repo.did, 2_000), []
    before = Event.objects.filter(repo_id=repo.id).count()

    def send() -> None:
        try:
            receive.import_car(repo, [data])
        except BaseException as fault:  # noqa: BLE001 - told to the test
            failures.append(fault)
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert failures == []
    report = check.check_repo(repo.id, lambda _count: None)
    assert (report.damages, report.record_count) == ([], 2_000)
    assert Event.objects.filter(repo_id=repo.id).count() == before + 1


@pytest.mark.parametrize("count", [0, 1])
def test_an_import_is_a_new_beginning_for_what_is_shown_as_recent(repo: RepoRow, count) -> None:
    for number in range(count):
        write(repo, f"k{number}")
    import_car(repo, 5)
    row = Repo.objects.get(pk=repo.id)
    assert row.first_rev == row.rev > repo.rev
