import random
from functools import partial
from typing import Any

import pytest

from accounts.models import Account
from accounts.status import AccountTakedown
from protocol import lexicon
from protocol.errors import InvalidRequest
from protocol.mst import Tree
from repos.blobs import blobs
from repos.commits import group_commit, repo_lock, writes
from repos.commits.plan import InvalidSwap
from repos.commits.refusals import AccountDeactivated, AccountSuspended
from repos.commits.writes import Write
from repos.models import Node, Record, Repo
from repos.reads import refusals, repos
from repos.reads.repos import RepoRow
from repos.state import heads, nodes, revs
from server.database import connection as database
from server.web.threads.batching import Batch, Outcome
from tests.unit.repos.events.firehose import stream

THING = "com.example.thing"
FOLLOW = "app.bsky.graph.follow"


def thing(number: int) -> dict[str, int]:
    return {"n": number}


def stored(repo: RepoRow) -> dict[str, bytes]:
    rows = Record.objects.filter(repo_id=repo.id).values_list("collection", "rkey", "cid")
    return {f"{collection}/{rkey}": bytes(cid) for collection, rkey, cid in rows}


def random_batch(dice: random.Random, model: dict[str, bytes]) -> list[Write]:
    batch: list[Write] = []
    there = set(model)
    for _ in range(dice.choice([1, 1, 2, 5, 30])):
        collection, rkey = f"com.example.c{dice.randrange(3)}", f"k{dice.randrange(80)}"
        path, record = f"{collection}/{rkey}", thing(dice.randrange(1000))
        if path not in there:
            batch.append(writes.create(collection, rkey, record))
            there.add(path)
        elif dice.random() < 0.5:
            batch.append(writes.delete(collection, rkey))
            there.remove(path)
        else:
            batch.append(writes.put(collection, rkey, record))
    return batch


@pytest.mark.parametrize("seed", range(4))
def test_random_batches_leave_what_a_dict_would_and_invert(
    account: Account, repo: RepoRow, seed: int
) -> None:
    dice, model = random.Random(seed), dict[str, bytes]()
    for _ in range(30):
        if dice.random() < 0.3:  # another process knows nothing of this one's memory
            nodes.CACHE.clear()
            heads.REMEMBERED.clear()
        batch = random_batch(dice, model)
        group_commit.apply_writes(repo, batch)
        for write in batch:
            model.pop(write.path, None)
            if write.cid is not None:
                model[write.path] = write.cid
    assert stored(repo) == model
    assert stream.check_chain(repo.id, account.signing_did_key) > 20
    assert Repo.objects.get(pk=repo.id).record_count == len(model)


def test_the_node_table_holds_the_current_tree_and_nothing_else(repo: RepoRow) -> None:
    dice, model = random.Random(7), dict[str, bytes]()
    for _ in range(20):
        for write in (batch := random_batch(dice, model)):
            model.pop(write.path, None)
            if write.cid is not None:
                model[write.path] = write.cid
        group_commit.apply_writes(repo, batch)
    root = bytes(Repo.objects.get(pk=repo.id).data)
    tree = Tree(root, nodes.NodeSource(repo.id))
    walked = {cid for cid, block in tree.walk() if block is not None}
    table = {bytes(c) for c in Node.objects.filter(repo_id=repo.id).values_list("cid", flat=True)}
    assert table == walked


def test_a_commit_answers_what_the_head_then_is(repo: RepoRow, account: Account) -> None:
    applied = group_commit.apply_writes(repo, [writes.create(THING, "a", thing(1))])
    now = repos.find_repo(account.host, repo.did)
    assert (now.head, now.rev) == (applied.commit, applied.rev)
    assert now.rev > repo.rev


def test_results_follow_the_order_of_the_writes(repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create(THING, "z", thing(1))])
    batch = [
        writes.create(THING, "b", thing(2)),
        writes.delete(THING, "z"),
        writes.create(THING, "a", thing(3)),
    ]
    results = group_commit.apply_writes(repo, batch).results
    assert [(r.path[-1], r.action) for r in results] == [
        ("b", "create"),
        ("z", "delete"),
        ("a", "create"),
    ]


def test_an_unchanged_put_makes_no_commit(repo: RepoRow) -> None:
    first = group_commit.apply_writes(repo, [writes.put(THING, "a", thing(1))])
    again = group_commit.apply_writes(repo, [writes.put(THING, "a", thing(1))])
    assert again.commit is None
    assert again.results[0].cid == first.results[0].cid
    assert len(stream.commits(repo.id)) == 2


def test_discarding_nothing_makes_no_commit(repo: RepoRow) -> None:
    assert group_commit.apply_writes(repo, [writes.discard(THING, "nothing")]).commit is None


def test_an_empty_batch_changes_nothing(repo: RepoRow) -> None:
    assert group_commit.apply_writes(repo, []) == group_commit.Applied(None, None, ())


@pytest.mark.parametrize(
    "make", [lambda: writes.update(THING, "no", thing(1)), lambda: writes.delete(THING, "no")]
)
def test_a_batch_that_needs_a_missing_record_is_refused_whole(repo: RepoRow, make) -> None:
    batch = [writes.create(THING, "yes", thing(1)), make()]
    with pytest.raises(InvalidRequest):
        group_commit.apply_writes(repo, batch)
    assert stored(repo) == {}


def test_creating_over_a_record_is_refused(repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create(THING, "a", thing(1))])
    with pytest.raises(InvalidRequest, match="already exists"):
        group_commit.apply_writes(repo, [writes.create(THING, "a", thing(2))])


def test_a_record_deleted_and_created_in_one_batch_is_one_update(
    account: Account, repo: RepoRow
) -> None:
    first = group_commit.apply_writes(repo, [writes.create(THING, "a", thing(1))]).results[0].cid
    batch = [writes.delete(THING, "a"), writes.create(THING, "a", thing(2))]
    second = group_commit.apply_writes(repo, batch).results[1].cid
    (op,) = stream.commits(repo.id)[-1]["ops"]
    assert (op["action"], op["prev"].cid_bytes, op["cid"].cid_bytes) == ("update", first, second)
    assert stored(repo) == {f"{THING}/a": second}
    stream.check_chain(repo.id, account.signing_did_key)


def test_a_record_created_and_deleted_in_one_batch_makes_no_commit(repo: RepoRow) -> None:
    batch = [writes.create(THING, "a", thing(1)), writes.delete(THING, "a")]
    assert group_commit.apply_writes(repo, batch).commit is None
    assert stored(repo) == {}


def test_a_follow_that_its_batch_takes_back_displaces_nothing(repo: RepoRow) -> None:
    record = {"subject": "did:plc:abcdefghijklmnopqrstuvwx", "createdAt": "2026-11-22T12:00:00Z"}
    old = group_commit.apply_writes(repo, [writes.create(FOLLOW, None, record)]).results[0].path
    undone = [
        writes.create(FOLLOW, "3l2b4c5d6e7f2", record),
        writes.delete(FOLLOW, "3l2b4c5d6e7f2"),
    ]
    group_commit.apply_writes(repo, [*undone, writes.create(THING, "a", thing(1))])
    assert set(stored(repo)) == {old, f"{THING}/a"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: [writes.create(THING, "b", thing(1)), writes.create(THING, "b", thing(2))],
        lambda: [writes.delete(THING, "a"), writes.update(THING, "a", thing(2))],
        lambda: [writes.delete(THING, "a"), writes.delete(THING, "a")],
    ],
    ids=["create twice", "update what is gone", "delete twice"],
)
def test_each_write_of_a_batch_meets_what_the_one_before_it_left(repo: RepoRow, make) -> None:
    first = group_commit.apply_writes(repo, [writes.create(THING, "a", thing(1))])
    with pytest.raises(InvalidRequest):
        group_commit.apply_writes(repo, make())
    assert stored(repo) == {f"{THING}/a": first.results[0].cid}


def test_more_than_200_writes_are_refused(repo: RepoRow) -> None:
    batch = [writes.create(THING, f"k{n}", thing(n)) for n in range(201)]
    with pytest.raises(InvalidRequest, match=r"Too many writes\. Max: 200"):
        group_commit.apply_writes(repo, batch)
    group_commit.apply_writes(repo, batch[:200])


def test_an_event_over_two_megabytes_is_refused(repo: RepoRow) -> None:
    batch = [writes.create(THING, f"k{n}", {"n": n, "t": "x" * 900_000}) for n in range(3)]
    with pytest.raises(InvalidRequest, match=r"Too many writes\. Max event size: 2MB"):
        group_commit.apply_writes(repo, batch)


def test_swap_commit_lets_one_of_two_through(repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create(THING, "a", thing(1))], swap_commit=repo.head)
    with pytest.raises(InvalidSwap):
        group_commit.apply_writes(
            repo, [writes.create(THING, "b", thing(1))], swap_commit=repo.head
        )
    assert set(stored(repo)) == {f"{THING}/a"}


def test_swap_record_is_compared_with_the_record(repo: RepoRow) -> None:
    first = group_commit.apply_writes(repo, [writes.put(THING, "a", thing(1), swap_record=None)])
    with pytest.raises(InvalidSwap):
        group_commit.apply_writes(repo, [writes.put(THING, "a", thing(2), swap_record=None)])
    cid = first.results[0].cid
    group_commit.apply_writes(repo, [writes.put(THING, "a", thing(2), swap_record=cid)])
    with pytest.raises(InvalidSwap):
        group_commit.apply_writes(repo, [writes.discard(THING, "a", swap_record=cid)])


def test_swap_record_for_a_missing_record_fails(repo: RepoRow) -> None:
    with pytest.raises(InvalidSwap):
        group_commit.apply_writes(
            repo, [writes.put(THING, "a", thing(1), swap_record=b"\x01" * 36)]
        )


@pytest.mark.parametrize(
    ("collection", "subject"),
    [
        (FOLLOW, "did:plc:abcdefghijklmnopqrstuvwx"),
        ("app.bsky.graph.block", "did:plc:abcdefghijklmnopqrstuvwx"),
        ("app.bsky.feed.like", {"uri": "at://did:plc:abc/app.bsky.feed.post/1", "cid": "x"}),
        ("app.bsky.feed.repost", {"uri": "at://did:plc:abc/app.bsky.feed.post/1", "cid": "x"}),
    ],
)
def test_a_second_record_on_one_subject_displaces_the_first(
    account: Account, repo: RepoRow, collection: str, subject: object
) -> None:
    record = {"subject": subject, "createdAt": "2026-11-22T12:00:00Z"}
    for _ in range(2):
        last = group_commit.apply_writes(repo, [writes.create(collection, None, record, False)])
    assert set(stored(repo)) == {last.results[0].path}
    assert [op["action"] for op in stream.commits(repo.id)[-1]["ops"]] == ["delete", "create"]
    stream.check_chain(repo.id, account.signing_did_key)


def test_a_full_batch_displaces_as_many_as_the_event_has_room_for(repo: RepoRow) -> None:
    follow = {"createdAt": "2026-11-22T12:00:00Z"}
    for number in (150, 199):
        subjects = [f"did:plc:{n:024}" for n in range(number)]
        batch = [writes.create(FOLLOW, None, {**follow, "subject": did}, False) for did in subjects]
        group_commit.apply_writes(repo, batch)
    assert len(stream.commits(repo.id)[-1]["ops"]) == 200
    assert len(stored(repo)) == 150 + 199 - 1


def test_a_put_displaces_nothing(repo: RepoRow) -> None:
    record = {"subject": "did:plc:abcdefghijklmnopqrstuvwx", "createdAt": "2026-11-22T12:00:00Z"}
    group_commit.apply_writes(repo, [writes.create(FOLLOW, None, record)])
    group_commit.apply_writes(repo, [writes.put(FOLLOW, "3l2b4c5d6e7f2", record)])
    assert len(stored(repo)) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("takendown", AccountTakedown),
        ("deactivated", AccountDeactivated),
        ("suspended", AccountSuspended),
    ],
)
def test_an_inactive_repo_takes_no_commits(
    repo: RepoRow, status: str, error: type[Exception]
) -> None:
    Repo.objects.filter(pk=repo.id).update(status=status)
    with pytest.raises(error):
        group_commit.apply_writes(repo, [writes.create(THING, "a", thing(1))])
    assert stored(repo) == {}


def test_a_blob_nobody_uploaded_is_not_found(repo: RepoRow) -> None:
    with pytest.raises(blobs.BlobNotFound):
        group_commit.apply_writes(repo, [writes.create(THING, "a", {"b": blob_json()})])


def test_a_blob_swept_after_the_check_is_not_found(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database function decides, not the look before it."""
    monkeypatch.setattr(blobs, "check_uploaded", lambda repo_id, refs: None)
    with pytest.raises(blobs.BlobNotFound):
        group_commit.apply_writes(repo, [writes.create(THING, "a", {"b": blob_json()})])


def test_an_invalid_record_never_reaches_the_repo() -> None:
    with pytest.raises(lexicon.LexiconError):
        writes.create("app.bsky.feed.post", None, {"text": 5})


def blob_json() -> dict[str, object]:
    link = {"$link": "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"}
    return {"$type": "blob", "ref": link, "mimeType": "text/plain", "size": 5}


def test_a_repo_that_is_gone_is_not_remembered(account: Account) -> None:
    ref = repos.repo_ref(account.host, account.did)
    Repo.objects.filter(pk=account.pk).update(id=account.pk + 1_000_000)  # back under another id
    with pytest.raises(refusals.RepoNotFound, match=account.did):
        group_commit.apply_writes(ref, [writes.create(THING, "k", {})])
    assert repos.repo_ref(account.host, account.did).id == account.pk + 1_000_000


def side_by_side(repo: RepoRow, *batches: list[Write]) -> dict[str, object]:
    """What came of each batch, written at once with the others, by the rkey of its first write."""
    ended: list[Outcome] = []
    jobs = [(partial(group_commit.apply_writes, repo, each), each[0].rkey) for each in batches]
    Batch(list, ended.extend).run(jobs)
    return {rkey: failure or result for rkey, result, failure in ended}


@pytest.mark.django_db(transaction=True)
def test_writes_side_by_side_go_in_together_up_to_a_limit(repo: RepoRow) -> None:
    side_by_side(
        repo, *[[writes.create(THING, f"k{n}-{m}", {}) for m in range(150)] for n in range(5)]
    )
    one_transaction_has_one_moment = database.rows(
        "SELECT count(*) FROM event WHERE repo_id = %s AND kind = 1 GROUP BY created_at "
        "ORDER BY created_at",
        (repo.id,),
    )
    assert [count for (count,) in one_transaction_has_one_moment[-3:]] == [2, 2, 1]
    assert Record.objects.count() == 750


@pytest.mark.django_db(transaction=True)
def test_a_write_that_is_refused_spoils_none_beside_it(repo: RepoRow) -> None:
    good, bad = writes.create(THING, "a", {}), writes.create(THING, "b", {"b": blob_json()})
    outcomes = side_by_side(repo, [good], [bad])
    assert isinstance(outcomes["a"], group_commit.Applied)
    assert isinstance(outcomes["b"], blobs.BlobNotFound)


def losing(monkeypatch: pytest.MonkeyPatch, count: int) -> list[bool]:
    """Have the head moved by another writer at so many readings; each reading says if it was
    locked."""
    read_all, locked = heads.read_all, list[bool]()

    def read(asked: Any, *, is_locked: bool = False) -> dict[int, heads.Head]:
        found = read_all(asked, is_locked=is_locked)
        locked.append(is_locked)
        if len(locked) <= count:
            Repo.objects.update(rev=revs.next_rev(next(iter(found.values())).rev))
        return found

    monkeypatch.setattr(heads, "read_all", read)
    return locked


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("losses", [0, 1, 2, 3])
def test_a_write_whose_head_moved_goes_one_step_further_each_time(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch, losses: int
) -> None:
    readings = losing(monkeypatch, losses)
    group_commit.apply_writes(repo, [writes.create(THING, "a", {})])
    assert readings == [False, False, False, True][: losses + 1]
    assert repo_lock.is_contended(repo.id) is (losses >= 2)
    assert set(stored(repo)) == {f"{THING}/a"}


@pytest.mark.django_db(transaction=True)
def test_a_repo_that_others_write_to_is_written_in_turn_from_the_first(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo_lock.mark_contended(repo.id)
    readings = losing(monkeypatch, 1)
    group_commit.apply_writes(repo, [writes.create(THING, "a", {})])
    assert readings == [False, True]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_that_rests_on_a_head_that_moved_is_looked_at_again(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delete is refused for the sake of the create before it only if that one took effect."""
    losing(monkeypatch, 1)
    made, twice = writes.create(THING, "a", {}), writes.create(THING, "a", {"n": 1})
    outcomes = side_by_side(repo, [made, writes.create(THING, "b", {})], [twice])
    assert isinstance(outcomes["a"], InvalidRequest)
    assert set(stored(repo)) == {f"{THING}/a", f"{THING}/b"}


def test_a_write_within_a_transaction_begins_under_the_lock(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = losing(monkeypatch, 0)
    group_commit.apply_writes(repo, [writes.create(THING, "a", {})])
    assert readings == [True]
