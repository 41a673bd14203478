import json

import pytest

from accounts.models import Account
from hosting.models import Host
from protocol import cid
from protocol.errors import InvalidRequest
from repos.commits import group_commit, writes
from repos.models import Repo
from repos.reads import descriptions, record_pages, records, refusals, repos
from repos.reads.repos import RepoRow

THING = "com.example.thing"


def fill(repo: RepoRow, count: int) -> None:
    batch = [writes.create(THING, f"k{n:02}", {"n": n}) for n in range(count)]
    group_commit.apply_writes(repo, batch)


def keys(page: bytes) -> list[str]:
    return [record["uri"].rsplit("/", 1)[1] for record in json.loads(page)["records"]]


def test_a_repo_is_found_by_did_and_by_handle_in_any_case(ash: Host, account: Account) -> None:
    by_did = repos.find_repo(ash, account.did)
    assert repos.named_repo(ash, account.did) == by_did
    assert repos.named_repo(ash, str(account.handle).upper()) == by_did
    assert by_did.id == account.pk


@pytest.mark.parametrize("name", ["did", "handle"])
def test_a_repo_of_another_host_is_unknown(birch: Host, account: Account, name: str) -> None:
    with pytest.raises(refusals.UnknownRepo, match="Could not find repo: "):
        repos.named_repo(birch, getattr(account, name))
    with pytest.raises(refusals.RecordNotFound):
        records.get_record(birch, getattr(account, name), THING, "k00")
    with pytest.raises(refusals.UnknownRepo):
        record_pages.list_records(birch, getattr(account, name), THING)


def test_get_record_answers_uri_cid_and_value(ash: Host, account: Account, repo: RepoRow) -> None:
    result = group_commit.apply_writes(repo, [writes.create(THING, "a", {"n": 1})]).results[0]
    for name in (account.did, str(account.handle)):
        answer = json.loads(records.get_record(ash, name, THING, "a"))
        assert answer["uri"] == f"at://{account.did}/{THING}/a"
        assert answer["cid"] == cid.to_text(result.cid or b"")
        assert answer["value"] == {"$type": THING, "n": 1}


def test_get_record_of_an_older_version_is_not_found(ash: Host, repo: RepoRow) -> None:
    old = group_commit.apply_writes(repo, [writes.put(THING, "a", {"n": 1})]).results[0].cid
    group_commit.apply_writes(repo, [writes.put(THING, "a", {"n": 2})])
    with pytest.raises(refusals.RecordNotFound, match="Could not locate record: at://"):
        records.get_record(ash, repo.did, THING, "a", cid.to_text(old or b""))


def test_get_record_of_nothing_is_not_found(ash: Host, repo: RepoRow) -> None:
    with pytest.raises(refusals.RecordNotFound):
        records.get_record(ash, repo.did, THING, "none")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("takendown", refusals.RepoTakendown),
        ("suspended", refusals.RepoSuspended),
        ("deactivated", refusals.RepoDeactivated),
    ],
)
def test_an_inactive_repo_says_why(
    ash: Host, repo: RepoRow, status: str, error: type[Exception]
) -> None:
    fill(repo, 1)
    Repo.objects.filter(pk=repo.id).update(status=status)
    assert repos.find_repo(ash, repo.did).status == status
    with pytest.raises(error):
        repos.active_repo(ash, repo.did)
    with pytest.raises(error):
        records.get_record(ash, repo.did, THING, "k00")
    with pytest.raises(error):
        record_pages.list_records(ash, repo.did, THING)


def test_records_come_newest_key_first_and_page_by_the_last_key(ash: Host, repo: RepoRow) -> None:
    fill(repo, 5)
    first = record_pages.list_records(ash, repo.did, THING, limit=3)
    assert keys(first) == ["k04", "k03", "k02"]
    cursor = json.loads(first)["cursor"]
    assert keys(record_pages.list_records(ash, repo.did, THING, 3, cursor)) == ["k01", "k00"]


def test_reverse_lists_the_oldest_key_first(ash: Host, account: Account, repo: RepoRow) -> None:
    fill(repo, 5)
    handle = str(account.handle)
    assert keys(record_pages.list_records(ash, handle, THING, 2, None, True)) == ["k00", "k01"]
    assert keys(record_pages.list_records(ash, handle, THING, 2, "k01", True)) == ["k02", "k03"]


def test_an_empty_page_has_no_cursor(ash: Host, repo: RepoRow) -> None:
    assert json.loads(record_pages.list_records(ash, repo.did, "com.example.empty")) == {
        "records": []
    }


def test_a_cursor_with_a_null_byte_is_malformed(ash: Host, repo: RepoRow) -> None:
    with pytest.raises(InvalidRequest, match="Malformed cursor"):
        record_pages.list_records(ash, repo.did, THING, cursor="a\x00")


def test_collections_are_listed_once_each_in_order(repo: RepoRow) -> None:
    names = ["com.example.b", "com.example.a", "com.example.c"]
    batch = [writes.create(name, f"k{n}", {"n": n}) for name in names for n in range(3)]
    assert descriptions.collections(repo) == []
    group_commit.apply_writes(repo, batch)
    assert descriptions.collections(repo) == sorted(names)


def test_repos_page_by_account_and_stay_within_the_host(
    ash: Host, birch: Host, new_account
) -> None:
    dids = [new_account().did for _ in range(3)]
    first = repos.list_repos(ash, limit=2)
    second = repos.list_repos(ash, limit=2, cursor=first.cursor)
    assert [repo.did for repo in first.repos + second.repos] == dids
    assert second.cursor is None
    assert repos.list_repos(birch).repos == ()


@pytest.mark.parametrize("cursor", ["junk", "-1", "9" * 30, "\u0661"])
def test_a_repos_cursor_that_is_no_number_is_malformed(ash: Host, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="Malformed cursor"):
        repos.list_repos(ash, cursor=cursor)


def test_a_ref_is_remembered_and_asks_the_table_once(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repos.repo_ref(account.host, account.did)
    assert (first.id, first.did) == (account.pk, account.did)
    monkeypatch.setattr(repos, "find_repo", lambda host, did: pytest.fail("asked the table"))
    assert repos.repo_ref(account.host, account.did) == first


def test_a_remembered_ref_is_unknown_at_another_host(account: Account, birch: Host) -> None:
    repos.repo_ref(account.host, account.did)
    with pytest.raises(refusals.RepoNotFound):
        repos.repo_ref(birch, account.did)
