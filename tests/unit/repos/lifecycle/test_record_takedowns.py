import json

import pytest
from django.db import connection, transaction

from hosting.models import Host
from protocol import car
from repos.commits import group_commit, writes
from repos.lifecycle import record_takedowns
from repos.models import RecordTakedown, Repo
from repos.reads import descriptions, record_pages, record_proofs, records, refusals, repos
from repos.reads.repos import RepoRow
from repos.state import heads

THING = "com.example.thing"


@pytest.fixture
def hidden(repo: RepoRow) -> RepoRow:
    """A repo with three records, of which `b` is hidden."""
    group_commit.apply_writes(repo, [writes.create(THING, key, {"n": 1}) for key in "abc"])
    record_takedowns.take_down(repo, THING, "b", "case-1")
    return repo


def settle() -> None:
    """What the end of the transaction does; a test's own never comes."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def listed(host: Host, repo: RepoRow, *, limit: int = 50) -> list[str]:
    page = json.loads(record_pages.list_records(host, repo.did, THING, limit))
    return [record["uri"].rsplit("/", 1)[1] for record in page["records"]]


@pytest.mark.parametrize("name", ["did", "handle"])
def test_a_hidden_record_is_not_got(ash: Host, account, hidden: RepoRow, name: str) -> None:
    with pytest.raises(refusals.RecordNotFound):
        records.get_record(ash, getattr(account, name), THING, "b")
    assert (
        json.loads(records.get_record(ash, getattr(account, name), THING, "a"))["value"]["n"] == 1
    )


def test_a_hidden_record_is_not_listed_and_takes_no_place(ash: Host, hidden: RepoRow) -> None:
    assert listed(ash, hidden) == ["c", "a"]
    assert listed(ash, hidden, limit=2) == ["c", "a"]


def test_a_hidden_record_stays_in_the_repo(hidden: RepoRow) -> None:
    shown = record_takedowns.state(hidden, THING, "b")
    proof = car.read(record_proofs.record_proof(hidden, THING, "b"))
    assert shown is not None
    assert shown.cid in proof.blocks
    assert descriptions.collections(hidden) == [THING]


def test_a_restored_record_is_shown_again(ash: Host, hidden: RepoRow) -> None:
    record_takedowns.restore(hidden, THING, "b")
    assert listed(ash, hidden) == ["c", "b", "a"]
    assert not Repo.objects.get(pk=hidden.id).has_takedowns


def test_one_restored_record_leaves_the_other_hidden(ash: Host, hidden: RepoRow) -> None:
    record_takedowns.take_down(hidden, THING, "c")
    record_takedowns.restore(hidden, THING, "b")
    assert listed(ash, hidden) == ["b", "a"]


def test_the_state_tells_hidden_from_shown_from_absent(hidden: RepoRow) -> None:
    taken_down = record_takedowns.state(hidden, THING, "b")
    shown = record_takedowns.state(hidden, THING, "a")
    assert taken_down is not None
    assert taken_down.ref == "case-1"
    assert shown is not None
    assert shown.ref is None
    assert record_takedowns.state(hidden, THING, "z") is None


def test_a_takedown_repeated_takes_the_new_ref(hidden: RepoRow) -> None:
    record_takedowns.take_down(hidden, THING, "b", "case-2")
    state = record_takedowns.state(hidden, THING, "b")
    assert state is not None
    assert state.ref == "case-2"


def test_taking_down_what_is_not_there_does_nothing(repo: RepoRow) -> None:
    record_takedowns.take_down(repo, THING, "none")
    assert record_takedowns.state(repo, THING, "none") is None
    assert not RecordTakedown.objects.exists()


def test_an_update_does_not_show_a_hidden_record(ash: Host, hidden: RepoRow) -> None:
    group_commit.apply_writes(hidden, [writes.put(THING, "b", {"n": 2})])
    settle()
    assert listed(ash, hidden) == ["c", "a"]


def test_a_takedown_goes_with_its_record(ash: Host, hidden: RepoRow) -> None:
    group_commit.apply_writes(hidden, [writes.delete(THING, "b")])
    settle()
    group_commit.apply_writes(hidden, [writes.create(THING, "b", {"n": 3})])
    assert listed(ash, hidden) == ["c", "b", "a"]
    assert not Repo.objects.get(pk=hidden.id).has_takedowns


def test_takedowns_go_with_their_repo(hidden: RepoRow) -> None:
    Repo.objects.filter(pk=hidden.id).delete()
    assert not RecordTakedown.objects.exists()


def test_a_takedown_hides_nothing_of_another_repo(ash: Host, hidden: RepoRow, new_account) -> None:
    other = repos.find_repo(ash, new_account().did)
    group_commit.apply_writes(other, [writes.create(THING, "b", {"n": 1})])
    assert listed(ash, other) == ["b"]


@pytest.mark.django_db(transaction=True)
def test_a_takedown_goes_with_its_record_at_the_end_of_the_transaction(
    ash: Host, hidden: RepoRow
) -> None:
    with transaction.atomic():
        heads.lock(hidden.id)
        group_commit.apply_writes(hidden, [writes.delete(THING, "b")])
    assert not RecordTakedown.objects.exists()
