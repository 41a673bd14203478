"""Pools run blocking work elsewhere, hand back what happened, and say no when they are full."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from server.net.client_networks import Client
from server.web.threads import batching_pool, shared_pool
from server.web.threads.batching import TakeMore, join_batch
from server.web.threads.batching_pool import BatchingPool
from server.web.threads.shared_pool import SharedPool
from server.web.threads.thread_pools import PoolIsFull, ThreadPool


@pytest.fixture
def pool() -> Iterator[ThreadPool]:
    made = ThreadPool("test", threads=2, waiting_max=1)
    yield made
    made.close()


def test_work_runs_in_a_thread_of_the_pool(pool: ThreadPool) -> None:
    name = asyncio.run(pool.run(lambda: threading.current_thread().name))
    assert name in {"test-0", "test-1"}


def test_what_work_raises_is_raised_where_it_is_awaited(pool: ThreadPool) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(pool.run(lambda: 1 // 0))


def test_as_many_run_at_once_as_there_are_threads(pool: ThreadPool) -> None:
    both_there = threading.Barrier(2, timeout=60)

    async def two() -> list[int]:
        return await asyncio.gather(pool.run(both_there.wait), pool.run(both_there.wait))

    assert sorted(asyncio.run(two())) == [0, 1]


def test_a_full_pool_refuses_at_once(pool: ThreadPool) -> None:
    async def four() -> list[object]:
        waits = [pool.run(lambda: time.sleep(0.2)) for _ in range(4)]
        return await asyncio.gather(*waits, return_exceptions=True)

    assert [type(each) for each in asyncio.run(four())] == [type(None)] * 3 + [PoolIsFull]


def test_a_waiter_who_leaves_makes_room_again(pool: ThreadPool) -> None:
    async def leave_and_return() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await pool.run(lambda: time.sleep(0.2))
        return await pool.run(lambda: "answered")

    assert asyncio.run(leave_and_return()) == "answered"


def test_closing_lets_the_work_finish() -> None:
    pool, done = ThreadPool("test", threads=1), threading.Event()

    async def begin() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await pool.run(lambda: time.sleep(0.1) or done.set())  # type: ignore[func-returns-value]

    asyncio.run(begin())
    pool.close()
    assert done.is_set()


def client(name: str, wide: str = "") -> Client:
    return Client(name, wide or name)


@pytest.fixture
def shared() -> Iterator[SharedPool]:
    made = SharedPool("shared", threads=4, waiting_max=8, most=12)
    yield made
    made.close()


async def _occupied(
    shared: SharedPool, names: Sequence[str], release: threading.Event
) -> list[Any]:
    """Every client asks for two jobs that do not end by themselves."""
    asked = [
        asyncio.ensure_future(shared.run_for(client(name), release.wait))
        for name in names
        for _ in range(2)
    ]
    await asyncio.sleep(0.05)
    return asked


@pytest.mark.parametrize("crowd", [1, 2, 3, 7])
def test_a_newcomer_is_served_however_many_hold_the_pool(shared: SharedPool, crowd: int) -> None:
    release = threading.Event()

    async def ask() -> str:
        slow = await _occupied(shared, [f"net-{number}" for number in range(crowd)], release)
        try:
            return await asyncio.wait_for(shared.run_for(client("new"), lambda: "through"), 60)
        finally:
            release.set()
            await asyncio.gather(*slow, return_exceptions=True)

    assert asyncio.run(ask()) == "through"


def test_one_client_has_several_threads_of_a_fair_pool(shared: SharedPool) -> None:
    both_there = threading.Barrier(2, timeout=60)

    async def two() -> list[int]:
        asked = [shared.run_for(client("a"), both_there.wait) for _ in range(2)]
        return await asyncio.gather(*asked)

    assert sorted(asyncio.run(two())) == [0, 1]


def test_who_asks_too_much_of_a_shared_pool_is_refused_alone(shared: SharedPool) -> None:
    release = threading.Event()

    async def crowd() -> list[object]:
        slow = [asyncio.ensure_future(shared.run_for(client("a"), release.wait)) for _ in range(7)]
        await asyncio.sleep(0.05)
        release.set()
        return await asyncio.gather(*slow, return_exceptions=True)

    results = asyncio.run(crowd())
    assert PoolIsFull in {type(each) for each in results}
    assert bool in {type(each) for each in results}


def test_who_would_queue_too_long_for_a_shared_pool_is_refused() -> None:
    pool, release = SharedPool("slow", 1, queues_s=0.05), threading.Event()

    async def two() -> list[object]:
        waits = [asyncio.ensure_future(pool.run_for(client("a"), release.wait)) for _ in range(2)]
        with pytest.raises(PoolIsFull):
            await asyncio.wait_for(waits[1], 60)
        release.set()
        return [await waits[0], pool.queue.waiting]

    assert asyncio.run(two()) == [True, 0]
    pool.close()


def test_a_shared_pool_forgets_who_has_left(shared: SharedPool) -> None:
    asyncio.run(shared.run_for(client("a"), lambda: None))
    assert not len(shared.queue)


def test_threads_end_when_nobody_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_pool, "IDLE_S", 0.05)
    release, ended = threading.Event(), list[int]()
    pool = SharedPool("shared", threads=4, most=8, at_end=lambda: ended.append(1))

    async def ask() -> None:
        slow = await _occupied(pool, [f"net-{number}" for number in range(7)], release)
        release.set()
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(ask())
    deadline = time.monotonic() + 60
    while pool.workers and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (pool.workers, len(ended) >= 4) == ([], True)
    assert asyncio.run(pool.run(lambda: "again")) == "again"
    pool.close()


def test_the_thread_that_rests_since_the_shortest_time_goes_on(shared: SharedPool) -> None:
    both_there = threading.Barrier(2, timeout=60)

    async def name(_number: int) -> str:
        return await shared.run_for(client("a"), lambda: threading.current_thread().name)

    async def ask() -> set[str]:
        asked = [shared.run_for(client("a"), both_there.wait) for _ in range(2)]
        await asyncio.gather(*asked)
        await name(0)
        await asyncio.sleep(0.05)  # until both rest again
        return {await name(number) for number in range(20) if not await asyncio.sleep(0.002)}

    assert len(asyncio.run(ask())) == 1


def test_a_machine_without_threads_to_spare_loses_no_work(
    shared: SharedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def ask() -> list[int]:
        await shared.run(lambda: None)
        monkeypatch.setattr(threading.Thread, "start", refused)
        asked = [shared.run_for(client(f"net-{n}"), partial(int, n)) for n in range(5)]
        return await asyncio.wait_for(asyncio.gather(*asked), 60)

    assert asyncio.run(ask()) == list(range(5))
    assert len(shared.workers) == 1


@pytest.fixture
def batch() -> Iterator[BatchingPool]:
    made = BatchingPool("batch", threads=3, waiting_max=100)
    yield made
    made.close()


class Counter:
    """A point where jobs meet; a meeting lasts a while."""

    def __init__(self, lasts_s: float = 0.005) -> None:
        self.sizes: list[int] = []
        self._lasts_s = lasts_s

    def meet(self, item: int) -> int:
        return join_batch(self._serve, item)

    def _serve(self, items: Sequence[int], _take_more: TakeMore[int]) -> Sequence[int]:
        self.sizes.append(len(items))
        time.sleep(self._lasts_s)
        return items


async def all_of(pool: BatchingPool, counter: Counter, count: int) -> list[int]:
    jobs = [pool.run(lambda n=n: counter.meet(n)) for n in range(count)]  # type: ignore[misc]
    return list(await asyncio.wait_for(asyncio.gather(*jobs), 20))


def test_what_waits_in_a_batching_pool_goes_together(batch: BatchingPool) -> None:
    counter = Counter()
    assert asyncio.run(all_of(batch, counter, 50)) == list(range(50))
    assert len(counter.sizes) <= 3


def test_every_one_of_many_gets_its_answer_once(batch: BatchingPool) -> None:
    counter = Counter(lasts_s=0.001)

    async def client(number: int) -> list[int]:
        asked = [batch.run(lambda n=n: counter.meet(n)) for n in range(number, 300, 10)]  # type: ignore[misc]
        return [await asyncio.wait_for(each, 20) for each in asked]

    async def clients() -> list[list[int]]:
        return await asyncio.gather(*(client(number) for number in range(10)))

    answers = asyncio.run(clients())
    assert sorted(n for each in answers for n in each) == list(range(300))
    assert sum(counter.sizes) == 300


def test_a_batch_that_is_held_up_holds_up_nobody_who_comes_later(
    batch: BatchingPool,
) -> None:
    release = threading.Event()

    async def held_up() -> int:
        slow = asyncio.ensure_future(batch.run(lambda: release.wait(20)))
        await asyncio.sleep(0.02)
        try:
            return await asyncio.wait_for(batch.run(lambda: 1), 60)
        finally:
            release.set()
            assert await slow

    assert asyncio.run(held_up()) == 1
    assert asyncio.run(all_of(batch, Counter(), 20)) == list(range(20))


def test_what_work_raises_in_a_batching_pool_is_raised_where_it_is_awaited(
    batch: BatchingPool,
) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(batch.run(lambda: 1 // 0))


def test_a_full_batching_pool_refuses_at_once() -> None:
    pool, release = BatchingPool("narrow", threads=1, waiting_max=1), threading.Event()

    async def three() -> list[object]:
        waits = [asyncio.ensure_future(pool.run(lambda: release.wait(60))) for _ in range(3)]
        await asyncio.sleep(0.02)
        release.set()
        return await asyncio.gather(*waits, return_exceptions=True)

    assert [type(each) for each in asyncio.run(three())] == [bool, bool, PoolIsFull]
    pool.close()


def test_closing_a_batching_pool_lets_all_of_the_work_finish() -> None:
    pool, done = BatchingPool("closing", threads=3), []

    async def begin() -> None:
        for number in range(5):
            work = pool.run(lambda n=number: time.sleep(0.02) or done.append(n))  # type: ignore[misc,func-returns-value]
            task = asyncio.ensure_future(work)
            await asyncio.sleep(0)
            task.cancel()

    asyncio.run(begin())
    pool.close()
    assert sorted(done) == list(range(5))


def test_a_thread_that_stood_by_for_long_lets_go_of_what_it_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching_pool, "REST_S", 0.02)
    rested = threading.Semaphore(0)
    pool = BatchingPool("batch", threads=3, at_rest=rested.release)
    assert asyncio.run(pool.run(lambda: "done")) == "done"
    assert rested.acquire(timeout=60)  # two of three stand by
    assert rested.acquire(timeout=60)
    assert asyncio.run(pool.run(lambda: "again")) == "again"
    pool.close()
