import pytest

from repos.commits import group_commit, writes
from repos.maintenance import check
from repos.maintenance import rebuild as rebuilding
from repos.models import Event, Node, Record, Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from tests.factories import open_account

pytestmark = pytest.mark.django_db(transaction=True)

THING = "com.example.thing"


@pytest.fixture(autouse=True)
def hang_up():
    yield
    long_reads.close_idle()


@pytest.fixture
def repo(ash) -> RepoRow:
    account = open_account(ash)
    made = repos.find_repo(ash, account.did)
    for n in range(3):
        batch = [
            writes.create(f"{THING}{tail}", f"k{n}{i:03}", {"n": i})
            for i in range(30)
            for tail in ("", ".more")
        ]
        group_commit.apply_writes(made, batch)
    return repos.find_repo(ash, account.did)


def damages(repo: RepoRow) -> list[str]:
    return check.check_repo(repo.id, lambda _count: None).damages


def rebuild(repo: RepoRow) -> None:
    rebuilding.rebuild(repo.id, lambda _count: None)


def test_a_repo_made_by_writes_is_well(repo: RepoRow) -> None:
    report = check.check_repo(repo.id, lambda _count: None)
    assert (report.damages, report.record_count) == ([], 180)


def test_a_repo_that_is_not_there_is_a_finding() -> None:
    assert check.check_repo(12345, lambda _count: None).damages == ["there is no repo"]


def test_a_lost_record_is_noticed_and_left_out_by_a_rebuild(repo: RepoRow) -> None:
    Record.objects.filter(repo_id=repo.id, rkey="k0003", collection=THING).delete()
    found = damages(repo)
    assert "the records make another tree than the commit signs" in found
    assert "179 records, counted as 180" in found
    rebuild(repo)
    assert damages(repo) == []


def test_lost_and_surplus_nodes_are_noticed_and_put_right(repo: RepoRow) -> None:
    root = Repo.objects.get(pk=repo.id).data
    Node.objects.filter(repo_id=repo.id, cid=root).delete()
    Node.objects.create(repo_id=repo.id, cid=b"x" * 36, rev="2", data=b"x")
    assert damages(repo) == [
        "1 stored nodes are not of this tree",
        "1 nodes of the tree are not stored",
    ]
    rebuild(repo)
    assert damages(repo) == []


def test_a_record_with_other_bytes_is_named_and_gets_its_true_cid(repo: RepoRow) -> None:
    record = Record.objects.filter(repo_id=repo.id, rkey="k0003", collection=THING)
    record.update(data=b"\xa1ano")
    assert damages(repo)[0] == f"{THING}/k0003 does not hash to its CID"
    record.update(data=b"\xa1aa\x01")
    rebuild(repo)
    assert damages(repo) == []


def test_a_foreign_signature_is_noticed(repo: RepoRow, ash) -> None:
    other = open_account(ash)
    Repo.objects.filter(pk=repo.id).update(signing_did_key=other.signing_did_key)
    assert damages(repo) == ["the commit is not signed by the account's key"]


def test_a_commit_that_is_none_is_noticed(repo: RepoRow) -> None:
    Repo.objects.filter(pk=repo.id).update(commit=b"\xa0")
    assert damages(repo)[0] == "the commit does not hash to the head"
    assert damages(repo)[1].startswith("the commit cannot be read")


def test_a_rebuild_is_announced_as_sync_and_writes_go_on(repo: RepoRow) -> None:
    rebuild(repo)
    assert Event.objects.order_by("id").last().kind == 2
    group_commit.apply_writes(repo, [writes.create(THING, "later", {"n": 1})])
    assert damages(repo) == []
