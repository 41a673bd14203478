from accounts.authentication import session_tokens, sessions
from accounts.models import Account, Session
from repos.commits import group_commit, writes
from repos.models import Repo
from repos.reads.repos import RepoRow
from repos.state import heads

THING, FOLLOW = "com.example.thing", "app.bsky.graph.follow"
BOB = "did:plc:abcdefghijklmnopqrstuvwx"


def test_a_tree_this_process_made_needs_no_event(repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create(THING, "a", {})])
    head = heads.read(repo.id)
    assert head is not None
    assert head.last_commit is None


def test_a_tree_another_process_made_comes_with_its_event(repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create(THING, "a", {})])
    heads.remember(repo.id, b"some older root")
    head = heads.read(repo.id)
    assert head is not None
    assert head.last_commit is not None
    assert head.cid in head.last_commit.data


def test_a_repo_whose_event_is_past_retention_is_read_without(repo: RepoRow) -> None:
    heads.REMEMBERED.clear()
    Repo.objects.filter(pk=repo.id).update(last_event_id=-1)
    head = heads.read(repo.id)
    assert head is not None
    assert head.last_commit is None
    assert group_commit.apply_writes(repo, [writes.create(THING, "a", {})]).commit


def test_twins_are_the_records_about_the_same_subject(repo: RepoRow, new_account) -> None:
    record = {"subject": BOB, "createdAt": "2026-11-22T12:00:00Z"}
    path = group_commit.apply_writes(repo, [writes.create(FOLLOW, None, record)]).results[0].path
    other = new_account().pk
    subjects = [(FOLLOW, BOB), ("app.bsky.graph.block", BOB), (FOLLOW, "did:plc:other")]
    wanted = [(id_, subject) for id_ in (repo.id, other) for subject in subjects]
    assert heads.read_same_subject(wanted) == {repo.id: {(FOLLOW, BOB): {path}}}


def test_many_repos_are_read_at_once_and_those_that_are_gone_left_out(
    repo: RepoRow, new_account
) -> None:
    other = new_account().pk
    assert set(heads.read_all([(id_, None) for id_ in (repo.id, other, other + 1)])) == {
        repo.id,
        other,
    }


def test_there_is_no_head_without_a_repo(repo: RepoRow) -> None:
    assert heads.read(repo.id + 1) is None


def test_what_is_remembered_does_not_grow_without_end(monkeypatch) -> None:
    monkeypatch.setattr(heads, "MAX_REMEMBERED", 10)
    for number in range(25):
        heads.remember(-number, b"root")
    assert len(heads.REMEMBERED) <= 10


def session_of(account: Account) -> str:
    return session_tokens.read_access(account.host, sessions.begin(account).access_jwt).session


def test_the_sessions_that_were_ended_are_known_with_the_head(repo: RepoRow) -> None:
    account = Account.objects.select_related("host").get(pk=repo.id)
    kept, ended = session_of(account), session_of(account)
    Session.objects.filter(lineage=ended).delete()
    asked = [(repo.id, kept), (repo.id, ended)]
    assert heads.read_all(asked)[repo.id].ended == {ended}
    assert heads.read_all(asked[:1])[repo.id].ended == frozenset()
    assert heads.read(repo.id).ended == frozenset()


def test_a_session_of_another_account_writes_nothing_here(repo: RepoRow, new_account) -> None:
    foreign = session_of(Account.objects.select_related("host").get(pk=new_account().pk))
    assert heads.read_all([(repo.id, foreign)])[repo.id].ended == {foreign}
