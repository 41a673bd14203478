"""A pool for CPU: as many at a time as it has threads, clients in turn, nobody for long."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.net.client_networks import Client
from server.web.threads import on_behalf
from server.web.threads.cpu_pool import NICENESS, CpuPool
from server.web.threads.on_behalf import Asker
from server.web.threads.shared_pool import SharedPool
from server.web.threads.thread_pools import PoolIsFull

LONG_S = 60.0


def client(name: str) -> Client:
    return Client(name, f"{name}/24")


def test_work_is_waited_for_and_its_error_raised() -> None:
    pool = CpuPool("cpu", 1, LONG_S)
    assert pool.run(lambda: 6 * 7) == 42
    with pytest.raises(ZeroDivisionError):
        pool.run(lambda: 1 // 0)


def test_no_more_run_at_a_time_than_there_are_threads() -> None:
    pool, names = CpuPool("cpu", 2, LONG_S), set()

    def work() -> None:
        names.add(threading.current_thread().name)

    with ThreadPoolExecutor(8) as askers:
        list(askers.map(lambda _number: pool.run(work), range(50)))
    assert names <= {"cpu-0", "cpu-1"}


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities elsewhere")
def test_other_threads_come_first() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert CpuPool("cpu", 1, LONG_S).run(priority) == min(19, priority() + NICENESS)


def test_who_would_queue_too_long_is_refused_and_its_work_left_undone() -> None:
    pool, held, done = CpuPool("cpu", 1, 0.05), Held(), []
    with ThreadPoolExecutor(1) as askers, held:
        first = askers.submit(pool.run, held.work)
        held.begun.wait(LONG_S)
        with pytest.raises(PoolIsFull):
            pool.run(lambda: done.append(1))
    assert (first.result(LONG_S), done, len(pool.queue)) == (True, [], 0)


def test_what_has_begun_is_waited_for_however_long_it_takes() -> None:
    pool, held = CpuPool("cpu", 1, 0.05), Held()
    with ThreadPoolExecutor(1) as askers:
        asked = askers.submit(pool.run, held.work)
        held.begun.wait(LONG_S)
        held.release.wait(0.2)  # longer than anybody queues
        held.release.set()
        assert asked.result(LONG_S)


def test_a_crowd_of_one_network_waits_behind_a_newcomer() -> None:
    pool, held, order = CpuPool("cpu", 1, LONG_S), Held(), list[str]()

    def ask(name: str) -> None:
        on_behalf.run(Asker(client(name)), lambda: pool.run(lambda: order.append(name)))

    with ThreadPoolExecutor(20) as askers:
        with held:
            askers.submit(on_behalf.run, Asker(client("crowd")), lambda: pool.run(held.work))
            held.begun.wait(LONG_S)
            asked = [askers.submit(ask, "crowd") for _ in range(10)]
            _until(lambda: pool.queue.waiting == 10)
            asked.append(askers.submit(ask, "new"))
            _until(lambda: pool.queue.waiting == 11)
        for each in asked:
            each.result(LONG_S)
    assert order.index("new") == 0


def test_the_time_in_the_request_s_own_queue_counts() -> None:
    pool, held = CpuPool("cpu", 1, LONG_S), Held()
    shared = SharedPool("shared", 2, queues_s=0.05)

    async def ask() -> None:
        with pytest.raises(PoolIsFull):
            await shared.run_for(client("a"), lambda: pool.run(lambda: None))

    with ThreadPoolExecutor(1) as askers, held:
        askers.submit(pool.run, held.work)
        held.begun.wait(LONG_S)
        asyncio.run(ask())
    shared.close()


def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        threading.Event().wait(0.005)


class Held:
    """Work that lasts until it is let go."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()

    def work(self) -> bool:
        self.begun.set()
        return self.release.wait(LONG_S)

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_error: object) -> None:
        self.release.set()
