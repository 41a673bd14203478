"""Who is served next, by the rules alone: no threads here."""

import pytest

from server.net.client_networks import Client
from server.web.threads.fair_queue import FairQueue, QueueIsFull

ALICE, BOB, CAROL = Client("a", "a"), Client("b", "b"), Client("c", "c")


def filled(queue: FairQueue[str], *clients: Client, times: int = 4) -> FairQueue[str]:
    for client in clients:
        for number in range(times):
            queue.push(client, f"{client.name}{number}")
    return queue


def all_that_may_run(queue: FairQueue[str]) -> list[str]:
    found = []
    while (taken := queue.take()) is not None:
        found.append(taken[1])
    return found


def test_there_is_room_for_one_client_more() -> None:
    assert len(all_that_may_run(filled(FairQueue(8, 8, 100), ALICE, times=9))) == 4
    assert len(all_that_may_run(filled(FairQueue(9, 9, 100), ALICE, BOB, times=9))) == 6


def test_beyond_the_threads_only_newcomers_are_served() -> None:
    queue = filled(FairQueue(2, 4, 100), ALICE, BOB)
    assert all_that_may_run(queue) == ["a0", "b0"]
    queue.push(CAROL, "c0")
    assert all_that_may_run(queue) == ["c0"]


def test_who_used_less_time_comes_first() -> None:
    queue: FairQueue[str] = FairQueue(1, 1, 100)
    filled(queue, ALICE)
    queue.take()
    queue.done(ALICE, took_s=5.0)
    queue.push(BOB, "b0")
    assert queue.take() == (BOB, "b0")


def test_who_used_as_little_and_waits_for_less_comes_first() -> None:
    queue = filled(FairQueue(1, 1, 100), ALICE, CAROL)
    queue.push(BOB, "b0")
    assert queue.take() == (BOB, "b0")


def test_what_somebody_used_is_forgotten_little_by_little() -> None:
    now = 0.0
    queue: FairQueue[str] = FairQueue(1, 1, 100, clock=lambda: now)
    for client, took_s in ((ALICE, 10.0), (CAROL, 0.0)):
        filled(queue, client, times=1).take()
        queue.done(client, took_s)
        now += 60.0
    assert filled(queue, ALICE, BOB, times=1).take() == (BOB, "b0")


def test_a_newcomer_displaces_the_newest_of_whoever_waits_for_most() -> None:
    queue = filled(FairQueue(1, 1, 6), ALICE, CAROL, times=2)
    filled(queue, *[Client(str(n), str(n)) for n in range(2)], times=1)
    assert queue.push(BOB, "b0") == "a1"


def test_a_long_queue_is_refused_to_its_own_client() -> None:
    queue = filled(FairQueue(1, 1, 16), ALICE, times=3)
    with pytest.raises(QueueIsFull):
        queue.push(ALICE, "a2")


def test_a_wide_network_has_half_of_the_threads_at_the_most() -> None:
    neighbours = [Client(f"2001:db8:0:{number}::/64", "2001:db8::/48") for number in range(8)]
    queue = filled(FairQueue(4, 8, 100), *neighbours)
    assert len(all_that_may_run(queue)) == 4
    queue.push(BOB, "b0")
    assert all_that_may_run(queue) == ["b0"]


def test_what_is_not_wanted_any_more_is_not_served() -> None:
    queue = filled(FairQueue(1, 1, 16), ALICE, times=1)
    queue.discard(ALICE, "a0")
    queue.discard(ALICE, "a0")
    assert (queue.take(), queue.waiting, len(queue)) == (None, 0, 0)
