"""The node cache stays within its bound and forgets the oldest first."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from protocol.mst import Node, NodeCache
from tests.unit.protocol.mst.samples import record_cid

NODE = Node((), (), (None,))


def test_cache_never_grows_past_its_bound() -> None:
    cache = NodeCache(10)
    for number in range(100):
        cache[record_cid(number)] = NODE
        assert len(cache) <= 10


def test_newest_nodes_stay() -> None:
    cache = NodeCache(10)
    for number in range(100):
        cache[record_cid(number)] = NODE
    assert all(record_cid(number) in cache for number in range(95, 100))
    assert record_cid(0) not in cache


def test_node_already_kept_drives_nothing_out() -> None:
    cache = NodeCache(2)
    for number in (1, 2, 2):
        cache[record_cid(number)] = NODE
    assert set(cache) == {record_cid(1), record_cid(2)}


def test_cache_of_one_works() -> None:
    cache = NodeCache(1)
    cache[record_cid(1)] = NODE
    cache[record_cid(2)] = NODE
    assert list(cache) == [record_cid(2)]


@pytest.fixture
def _threads_in_short_turns() -> Iterator[None]:
    """A thread gives way after each few bytecodes, as it happens on a busy machine."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_threads_in_short_turns")
def test_many_threads_may_fill_it_at_once() -> None:
    cache = NodeCache(50)

    def fill(start: int) -> None:
        for number in range(start, start + 2000):
            cache[record_cid(number)] = NODE
            cache.get(record_cid(number - 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(fill, range(0, 16_000, 2000)))
    assert len(cache) <= 50 + 8
