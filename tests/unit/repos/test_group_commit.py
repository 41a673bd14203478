import threading
import time
from collections.abc import Sequence

import pytest

from repos import group_commit
from repos.group_commit import GroupCommit, More


class Gate:
    """Settles groups one at a time, each when it is let through."""

    def __init__(self, max_weight: int = 100) -> None:
        self.groups: list[list[int]] = []
        self.favourites: set[int] = set()
        self.entered = threading.Semaphore(0)
        self.passes = threading.Semaphore(0)
        self.commit = GroupCommit(self._settle, max_weight)
        self.threads: list[threading.Thread] = []

    def _settle(self, items: Sequence[int], more: More[int]) -> None:
        self.groups.append(list(items))
        self.entered.release()
        self.passes.acquire()
        self.groups[-1] += more(lambda item: item in self.favourites)

    def arrive(self, item: int, weight: int = 1) -> None:
        thread = threading.Thread(target=self.commit.join, args=(item, weight))
        thread.start()
        self.threads.append(thread)

    def await_waiting(self, count: int) -> None:
        while len(self.commit._waiting) < count:
            time.sleep(0.001)

    def finish(self) -> None:
        self.passes.release(len(self.threads))
        for thread in self.threads:
            thread.join()


@pytest.fixture
def gate(monkeypatch) -> Gate:
    monkeypatch.setattr(group_commit, "PATIENCE_S", 30.0)
    return Gate()


def test_who_comes_alone_is_settled_alone_and_at_once() -> None:
    groups: list[list[str]] = []
    commit = GroupCommit(lambda items, _: groups.append(list(items)), 10)
    commit.join("a")
    commit.join("b")
    assert groups == [["a"], ["b"]]


def test_who_comes_meanwhile_goes_in_together_afterwards(gate: Gate) -> None:
    gate.arrive(0)
    gate.entered.acquire()
    for item in (1, 2, 3):
        gate.arrive(item)
        gate.await_waiting(item)
    gate.finish()
    assert gate.groups == [[0], [1, 2, 3]]


def test_a_group_ends_where_it_would_weigh_too_much(gate: Gate) -> None:
    gate.arrive(0)
    gate.entered.acquire()
    for item, weight in ((1, 60), (2, 40), (3, 1), (4, 200)):
        gate.arrive(item, weight)
        gate.await_waiting(item)
    gate.finish()
    assert gate.groups == [[0], [1, 2], [3], [4]]


def test_a_group_takes_along_those_who_belong_to_it_and_came_meanwhile(gate: Gate) -> None:
    gate.favourites = {2}
    gate.arrive(0)
    gate.entered.acquire()
    for item in (1, 2, 3):
        gate.arrive(item)
        gate.await_waiting(item)
    gate.finish()
    assert gate.groups == [[0, 2], [1, 3]]


def test_nobody_leads_when_all_are_gone(gate: Gate) -> None:
    gate.arrive(0)
    gate.finish()
    assert gate.commit._leaders == 0


def test_who_waits_behind_a_leader_that_is_held_up_leads_another_group() -> None:
    gate = Gate()
    gate.arrive(0)
    gate.entered.acquire()
    gate.arrive(1)
    assert gate.entered.acquire(timeout=5)  # though nobody has let the first group pass
    gate.finish()
    assert gate.groups == [[0], [1]]


def test_every_one_of_many_is_settled_once() -> None:
    seen: list[int] = []
    lock = threading.Lock()

    def settle(items: Sequence[int], _: More[int]) -> None:
        with lock:
            seen.extend(items)

    commit = GroupCommit(settle, 7)
    threads = [
        threading.Thread(target=lambda t=t: [commit.join(t * 100 + n, 2) for n in range(100)])
        for t in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(seen) == list(range(800))
    assert commit._leaders == 0
