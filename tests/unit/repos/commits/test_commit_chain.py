"""Several batches as one chain, and the rows that the chain's end comes to."""

import pytest

from accounts.models import Account
from protocol.errors import InvalidRequest
from repos.commits import group_commit, transaction, writes
from repos.commits.commit_chain import CommitChain
from repos.commits.plan import InvalidSwap
from repos.commits.writes import Write
from repos.models import Node, Record
from repos.reads.repos import RepoRow
from repos.state import heads
from tests.unit.repos.events.firehose import stream

pytestmark = pytest.mark.django_db
THING, FOLLOW = "com.example.thing", "app.bsky.graph.follow"
BOB = {"subject": "did:plc:abcdefghijklmnopqrstuvwx", "createdAt": "2026-11-22T12:00:00Z"}


@pytest.fixture
def chain(repo: RepoRow) -> CommitChain:
    head = heads.read(repo.id)
    assert head is not None
    return CommitChain(head, {})


def put(key: str, n: int) -> Write:
    return writes.put(THING, key, {"n": n})


def stored(repo: RepoRow) -> dict[str, bytes]:
    return {r.rkey: bytes(r.cid) for r in Record.objects.filter(repo_id=repo.id)}


def test_every_batch_is_a_commit_on_the_one_before(
    chain: CommitChain, repo: RepoRow, account: Account
) -> None:
    for n in range(5):
        chain.extend([put(f"k{n}", n)], None)
    assert transaction.apply([chain]) == {}
    assert stream.check_chain(repo.id, account.signing_did_key) == 6


def test_what_comes_and_goes_within_a_chain_is_never_stored(
    chain: CommitChain, repo: RepoRow
) -> None:
    chain.extend([put("a", 1), put("b", 1)], None)
    chain.extend([writes.delete(THING, "a"), put("b", 2)], None)
    transaction.apply([chain])
    assert stored(repo) == {"b": put("b", 2).cid}


def test_what_goes_and_comes_back_is_replaced(chain: CommitChain, repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [put("a", 1)])
    head = heads.read(repo.id)
    assert head is not None
    chain = CommitChain(head, {})
    chain.extend([writes.delete(THING, "a")], None)
    chain.extend([put("a", 2)], None)
    transaction.apply([chain])
    assert stored(repo) == {"a": put("a", 2).cid}


def test_only_the_nodes_of_the_last_tree_remain(chain: CommitChain, repo: RepoRow) -> None:
    for n in range(30):
        chain.extend([put(f"k{n}", n)], None)
    transaction.apply([chain])
    end = heads.read(repo.id)
    assert end is not None
    kept = {bytes(node.cid) for node in Node.objects.filter(repo_id=repo.id)}
    assert end.data in kept
    assert len(kept) < 30


def test_a_batch_that_fails_leaves_the_chain_as_it_was(chain: CommitChain, repo: RepoRow) -> None:
    chain.extend([put("a", 1)], None)
    with pytest.raises(InvalidRequest):
        chain.extend([put("b", 1), writes.delete(THING, "nothing")], None)
    chain.extend([put("c", 1)], None)
    transaction.apply([chain])
    assert set(stored(repo)) == {"a", "c"}


def test_a_swap_is_held_against_the_commit_before_it(chain: CommitChain) -> None:
    start = chain.head.cid
    chain.extend([put("a", 1)], start)
    with pytest.raises(InvalidSwap):
        chain.extend([put("b", 1)], start)
    chain.extend([put("b", 1)], chain.head.cid)


def test_a_batch_that_changes_nothing_is_no_commit(chain: CommitChain) -> None:
    chain.extend([put("a", 1)], None)
    assert [change.op for change in chain.extend([put("a", 1)], None)] == [None]
    assert len(chain.plans) == 1


def test_the_second_follow_of_a_chain_displaces_the_first(
    chain: CommitChain, repo: RepoRow
) -> None:
    chain.extend([writes.create(FOLLOW, "3l2b4c5d6e7f2", BOB)], None)
    chain.extend([writes.create(FOLLOW, "3l2b4c5d6e7g2", BOB)], None)
    transaction.apply([chain])
    assert set(stored(repo)) == {"3l2b4c5d6e7g2"}


def test_a_follow_that_is_about_another_by_now_is_left_alone(
    chain: CommitChain, repo: RepoRow
) -> None:
    other = {**BOB, "subject": "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"}
    chain.extend([writes.create(FOLLOW, "3l2b4c5d6e7f2", BOB)], None)
    chain.extend([writes.put(FOLLOW, "3l2b4c5d6e7f2", other)], None)
    chain.extend([writes.create(FOLLOW, "3l2b4c5d6e7g2", BOB)], None)
    transaction.apply([chain])
    assert len(stored(repo)) == 2


def test_a_follow_made_since_the_head_was_read_makes_the_chain_start_again(
    chain: CommitChain, repo: RepoRow
) -> None:
    group_commit.apply_writes(repo, [writes.create(FOLLOW, "3l2b4c5d6e7f2", BOB)])
    late = CommitChain(chain.start, {(FOLLOW, BOB["subject"]): {f"{FOLLOW}/3l2b4c5d6e7f2"}})
    late.extend([writes.create(FOLLOW, "3l2b4c5d6e7g2", BOB)], None)
    assert transaction.apply([late]) == {repo.id: transaction.HEAD_MOVED}
