"""Pools of threads that run blocking requests for an event loop.

Lanes keep whatever waits (passwords, bodies of any length, other servers) from occupying the few
threads that answer reads and writes, and from one another. A plain queue and one wake-up per
request: half the cost of `loop.run_in_executor`, whose futures carry locks and conditions that
nobody here waits on.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from math import inf
from queue import Empty, SimpleQueue
from typing import TypeVar

from hosting.gathering import Gathering, Job, Outcome

COMPANY_S = 0.0007  # how long a request waits for others when the last one was not alone
PATIENCE_S = 0.05

T = TypeVar("T")


class LaneIsFull(Exception):
    """More requests wait than could be answered in reasonable time."""


class Lane:
    """`threads` workers, started with the first job; at most `waiting_max` jobs wait for them."""

    def __init__(self, name: str, threads: int, waiting_max: int = 512) -> None:
        self.name = name
        self._thread_count = threads
        self._limit = threads + waiting_max
        self._open_count = 0  # touched by the event loop's thread only
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work in one of the lane's threads. Raises LaneIsFull at once."""
        if self._open_count >= self._limit:
            raise LaneIsFull(self.name)
        if not self._threads:
            self._start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._open_count += 1
        self._jobs.put((work, future))
        try:
            # Shielded by nature: a cancelled waiter leaves, the thread finishes its work.
            return await future
        finally:
            self._open_count -= 1

    def close(self) -> None:
        """Let every thread finish what it does and end; waiting jobs are done first."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _start(self) -> None:
        for number in range(self._thread_count):
            name = f"{self.name}-{number}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, future = job
            try:
                result, failure = work(), None
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
                result, failure = None, error
            _deliver([(future, result, failure)])
            del job, work, future, result, failure  # an idle thread must not keep a body alive


class SharedLane(Lane):
    """A lane in which nobody has more than half of the threads at once, however much they ask for:
    clients that take their bodies slowly hold up their own kind alone."""

    def __init__(self, name: str, threads: int, waiting_max: int = 512) -> None:
        super().__init__(name, threads, waiting_max)
        self._share = max(1, threads // 2)
        self._waiting_max = max(1, waiting_max // 8)
        self._asking: Counter[str] = Counter()  # who waits or runs; the event loop's alone
        self._shares: dict[str, asyncio.Semaphore] = {}

    async def run_for(self, who: str, work: Callable[[], T]) -> T:
        """Run work when `who` has a thread to spare. Raises LaneIsFull when too much of theirs
        waits already."""
        if self._asking[who] >= self._share + self._waiting_max:
            raise LaneIsFull(self.name)
        self._asking[who] += 1
        try:
            async with self._shares.setdefault(who, asyncio.Semaphore(self._share)):
                return await self.run(work)
        finally:
            self._asking[who] -= 1
            if not self._asking[who]:
                del self._asking[who]
                del self._shares[who]


class GatheringLane(Lane):
    """A lane in which the requests of one moment run side by side in one thread.

    One thread is in charge, the others stand by. When the one is held up (a lock of another
    process, a database that hangs), it holds up its own gathering alone: the next takes charge.
    """

    def __init__(self, name: str, threads: int, waiting_max: int = 512) -> None:
        super().__init__(name, threads, waiting_max)
        self._charge = _Charge()
        self._has_company = False
        self._looked_after_until = 0.0

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work beside other requests' work. Raises LaneIsFull at once."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._looked_after_until:
            self._look_later(loop)
        return await super().run(work)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looked_after_until = loop.time() + PATIENCE_S
        loop.call_later(PATIENCE_S, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._jobs.empty():
            self._charge.take_away()
            self._look_later(loop)

    def _work(self) -> None:
        is_open = True
        while is_open:
            self._charge.take()
            # The same thread as long as it can: one connection to the database stays warm.
            while is_open and self._charge.is_mine():
                is_open = self._gather()
        self._charge.leave()

    def _gather(self) -> bool:
        """Run what waits, or what comes next. False when the lane closes."""
        self._charge.rest()
        if (first := self._jobs.get()) is None:
            return False
        self._charge.confirm()
        if self._has_company:
            time.sleep(COMPANY_S)
        jobs = [first, *self._come_since()]
        self._has_company = len(jobs) > 1
        del first
        Gathering(self._come_since, _deliver).run(jobs)
        return True

    def _come_since(self) -> Sequence[Job]:
        self._charge.confirm()
        jobs: list[Job] = []
        try:
            while (job := self._jobs.get_nowait()) is not None:
                jobs.append(job)
            self._jobs.put(None)  # the lane closes: another thread waits for that word
        except Empty:
            pass
        return jobs


class _Charge:
    """Who takes what comes: one thread, until it leaves, or has not been heard of for too long."""

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._guard = threading.Lock()  # of the two below
        self._holder: int | None = None
        self._heard_at = inf

    def take(self) -> None:
        """Wait for the charge."""
        self._free.acquire()
        with self._guard:
            self._holder = threading.get_ident()
            self._heard_at = inf

    def is_mine(self) -> bool:
        """Whether this thread has the charge still."""
        return self._holder == threading.get_ident()

    def confirm(self) -> None:
        """The holder goes on with its work."""
        self._hear(time.monotonic())

    def rest(self) -> None:
        """The holder waits for work: nothing to do is no delay."""
        self._hear(inf)

    def leave(self) -> None:
        """Let the next one, unless that has happened already."""
        with self._guard:
            if self.is_mine():
                self._holder = None
                self._free.release()

    def take_away(self) -> None:
        """Let the next one if the holder is held up."""
        with self._guard:
            if self._holder is not None and time.monotonic() - self._heard_at > PATIENCE_S:
                self._holder = None
                self._free.release()

    def _hear(self, at: float) -> None:
        with self._guard:
            if self.is_mine():
                self._heard_at = at


def _deliver(outcomes: Sequence[Outcome]) -> None:
    """Hand outcomes to the futures that wait for them, with one wake-up of their loop."""

    def settle() -> None:
        for future, result, failure in outcomes:
            if future.cancelled():
                continue
            if failure is not None:
                future.set_exception(failure)
            else:
                future.set_result(result)

    try:
        outcomes[0][0].get_loop().call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more
