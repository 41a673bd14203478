"""The newest writes of a repo: after a rev, of some collections, ten at the most."""

import pytest

from protocol import tid
from repos import recent, writes
from repos.commits import apply_writes
from repos.reads import find_repo

THING, OTHER = "com.example.grove.thing", "com.example.grove.other"


@pytest.fixture
def write(repo, ash):
    """Write a record; gives the rev of its commit."""

    def one(number: int, collection: str = THING) -> str:
        record = {"$type": collection, "n": number}
        apply_writes(repo, [writes.create(collection, f"k{number}", record, validate=False)])
        return find_repo(ash, repo.did).rev

    return one


def numbers(repo, rev: str, *collections: str) -> list[int]:
    found = recent.written_since(repo, rev, collections or (THING,))
    return [record.value["n"] for record in found]


def test_what_came_after_a_rev_oldest_first(repo, write):
    seen = write(1)
    write(2)
    write(3)
    assert numbers(repo, seen) == [2, 3]


def test_nothing_came_after_the_newest(repo, write):
    assert numbers(repo, write(1)) == []


def test_other_collections_do_not_count(repo, write):
    seen = write(1)
    write(2, OTHER)
    assert numbers(repo, seen) == []
    assert numbers(repo, seen, THING, OTHER) == [2]


def test_of_many_the_newest_ten(repo, write):
    seen = write(0)
    for number in range(1, 14):
        write(number)
    assert numbers(repo, seen) == list(range(4, 14))


def test_a_rev_from_before_the_first_record_is_another_lifes(repo, write):
    write(1)
    assert numbers(repo, "2222222222222") == []


def test_a_record_tells_when_it_was_written(repo, write):
    seen = write(1)
    rev = write(2)
    [record] = recent.written_since(repo, seen, (THING,))
    assert int(record.written_at.timestamp() * 1000) == tid.decode(rev)[0] // 1000
    assert record.uri == f"at://{repo.did}/{THING}/k2"


def test_a_record_as_it_is_now(repo, write):
    write(1)
    assert recent.current(repo, THING, "k1").value["n"] == 1
    assert recent.current(repo, THING, "k2") is None
