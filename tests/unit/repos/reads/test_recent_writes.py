"""The newest writes of a repo: valid ones after a rev, of some collections, ten at the most."""

import pytest

from protocol import tid
from repos.commits import writes
from repos.commits.group_commit import apply_writes
from repos.models import Repo
from repos.reads import recent_writes
from repos.reads.repos import find_repo

POST, LIST, PROFILE = "app.bsky.feed.post", "app.bsky.graph.list", "app.bsky.actor.profile"
CREATED = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def write(repo, ash):
    """Write a record; gives the rev of its commit."""

    def one(number: int, collection: str = POST, **fields) -> str:
        record = {"$type": collection, "text": str(number), "createdAt": CREATED, **fields}
        rkey = tid.encode(number, 0)
        apply_writes(repo, [writes.create(collection, rkey, record, validate=False)])
        return find_repo(ash, repo.did).rev

    return one


def numbers(repo, rev: str, *collections: str) -> list[int]:
    found = recent_writes.written_since(repo, rev, collections or (POST,))
    return [int(record.value["text"]) for record in found]


def test_what_came_after_a_rev_oldest_first(repo, write):
    seen = write(1)
    write(2)
    write(3)
    assert numbers(repo, seen) == [2, 3]


def test_nothing_came_after_the_newest(repo, write):
    assert numbers(repo, write(1)) == []


def test_other_collections_do_not_count(repo, write):
    seen = write(1)
    write(2, LIST, purpose="app.bsky.graph.defs#curatelist", name="n")
    assert numbers(repo, seen) == []
    assert numbers(repo, seen, POST, LIST) == [2]


def test_of_many_the_newest_ten(repo, write):
    seen = write(0)
    for number in range(1, 14):
        write(number)
    assert numbers(repo, seen) == list(range(4, 14))


def test_every_record_may_be_newer_than_what_a_service_has_seen(repo, write):
    write(1)
    write(2)
    assert numbers(repo, repo.rev) == [1, 2]


def test_a_rev_from_before_the_first_one_here_is_another_lifes(repo, write):
    write(1)
    assert numbers(repo, "2222222222222") == []


def test_after_a_new_beginning_earlier_revs_are_another_lifes(repo, write):
    seen = write(1)
    Repo.objects.filter(pk=repo.id).update(first_rev=write(2))
    assert numbers(repo, seen) == []


def test_a_record_tells_when_it_was_written(repo, write):
    seen = write(1)
    rev = write(2)
    [record] = recent_writes.written_since(repo, seen, (POST,))
    assert int(record.written_at.timestamp() * 1000) == tid.decode(rev)[0] // 1000
    assert record.uri == f"at://{repo.did}/{POST}/{record.rkey}"


BAD = [
    {"text": 5},
    {"createdAt": "x"},
    {"langs": ["not a language!"]},
    {"reply": {"root": {}}},
    {"embed": {"$type": "app.bsky.embed.images"}},
    {"embed": {"$type": "app.bsky.embed.external", "external": {}}},
    {"embed": {"$type": "app.bsky.embed.record", "record": {"uri": "x", "cid": "y"}}},
    {"embed": {"$type": "app.bsky.embed.recordWithMedia"}},
    {"facets": [{"index": 1}]},
]


@pytest.mark.parametrize("fields", BAD)
def test_a_record_that_its_lexicon_does_not_allow_is_left_out(repo, write, fields):
    write(1, **fields)
    write(2)
    assert numbers(repo, repo.rev) == [2]


def test_good_records_show_behind_a_dozen_bad_ones(repo, write):
    write(0)
    for number in range(1, 13):
        write(number, createdAt="x")
    assert numbers(repo, repo.rev) == [0]


def test_keys_of_another_kind_and_unknown_collections_are_left_out(repo):
    for collection, rkey in ((POST, "no-tid"), ("com.example.grove.thing", "k")):
        record = {"$type": collection, "text": "t", "createdAt": CREATED}
        apply_writes(repo, [writes.create(collection, rkey, record, validate=False)])
    assert recent_writes.written_since(repo, repo.rev, (POST, "com.example.grove.thing")) == []


def put_profile(repo, **fields) -> None:
    record = {"$type": PROFILE, **fields}
    apply_writes(repo, [writes.put(PROFILE, "self", record, validate=False)])


def test_a_record_as_it_is_now(repo):
    put_profile(repo, displayName="A")
    assert recent_writes.current(repo, PROFILE, "self").value["displayName"] == "A"
    assert recent_writes.current(repo, PROFILE, "other") is None


def test_a_bad_profile_is_none(repo):
    put_profile(repo, displayName=["A"])
    assert recent_writes.current(repo, PROFILE, "self") is None
