"""Lanes run blocking work elsewhere, hand back what happened, and say no when they are full."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from hosting.lanes import Lane, LaneIsFull, SharedLane


@pytest.fixture
def lane() -> Iterator[Lane]:
    made = Lane("test", threads=2, waiting_max=1)
    yield made
    made.close()


def test_work_runs_in_a_thread_of_the_lane(lane: Lane) -> None:
    name = asyncio.run(lane.run(lambda: threading.current_thread().name))
    assert name in {"test-0", "test-1"}


def test_what_work_raises_is_raised_where_it_is_awaited(lane: Lane) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(lane.run(lambda: 1 // 0))


def test_as_many_run_at_once_as_there_are_threads(lane: Lane) -> None:
    both_there = threading.Barrier(2, timeout=5)

    async def two() -> list[int]:
        return await asyncio.gather(lane.run(both_there.wait), lane.run(both_there.wait))

    assert sorted(asyncio.run(two())) == [0, 1]


def test_a_full_lane_refuses_at_once(lane: Lane) -> None:
    async def four() -> list[object]:
        waits = [lane.run(lambda: time.sleep(0.2)) for _ in range(4)]
        return await asyncio.gather(*waits, return_exceptions=True)

    assert [type(each) for each in asyncio.run(four())] == [type(None)] * 3 + [LaneIsFull]


def test_a_waiter_who_leaves_makes_room_again(lane: Lane) -> None:
    async def leave_and_return() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await lane.run(lambda: time.sleep(0.2))
        return await lane.run(lambda: "answered")

    assert asyncio.run(leave_and_return()) == "answered"


def test_closing_lets_the_work_finish() -> None:
    lane, done = Lane("test", threads=1), threading.Event()

    async def begin() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await lane.run(lambda: time.sleep(0.1) or done.set())  # type: ignore[func-returns-value]

    asyncio.run(begin())
    lane.close()
    assert done.is_set()


@pytest.fixture
def shared() -> Iterator[SharedLane]:
    made = SharedLane("shared", threads=4, waiting_max=8)
    yield made
    made.close()


def test_nobody_has_more_than_half_of_a_shared_lane(shared: SharedLane) -> None:
    release = threading.Event()

    async def crowd() -> str:
        slow = [asyncio.ensure_future(shared.run_for("a", release.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        try:
            return await asyncio.wait_for(shared.run_for("b", lambda: "through"), 5)
        finally:
            release.set()
            await asyncio.gather(*slow)

    assert asyncio.run(crowd()) == "through"


def test_who_asks_too_much_of_a_shared_lane_is_refused_alone(shared: SharedLane) -> None:
    release = threading.Event()

    async def crowd() -> list[object]:
        slow = [asyncio.ensure_future(shared.run_for("a", release.wait)) for _ in range(5)]
        await asyncio.sleep(0.05)
        release.set()
        return await asyncio.gather(*slow, return_exceptions=True)

    results = asyncio.run(crowd())
    assert [type(each) for each in results] == [bool] * 3 + [LaneIsFull] * 2


def test_a_shared_lane_forgets_who_has_left(shared: SharedLane) -> None:
    asyncio.run(shared.run_for("a", lambda: None))
    assert not shared._shares
