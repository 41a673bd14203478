"""Pools of threads that run blocking requests for an event loop.

Lanes keep whatever waits (passwords, bodies of any length, other servers) from occupying the few
threads that answer reads and writes, and from one another. A plain queue and one wake-up per
request: half the cost of `loop.run_in_executor`, whose futures carry locks and conditions that
nobody here waits on.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from math import inf
from queue import Empty, SimpleQueue
from typing import TypeVar

from hosting.fair_queue import Client, FairQueue, QueueIsFull
from hosting.gathering import Gathering, Job, Outcome

COMPANY_S = 0.0007  # how long a request waits for others when the last one was not alone
PATIENCE_S = 0.05
IDLE_S = 30.0  # after which an additional thread ends
NOBODY = Client("", "")

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
    """A fair pool (hosting.fair_queue): however much some clients ask for, a client with nothing
    under way is served at once, as long as fewer than `most` clients have something under way."""

    def __init__(
        self,
        name: str,
        threads: int,
        waiting_max: int = 512,
        *,
        most: int | None = None,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        """`at_end` is called in a thread that ends: additional ones do, when they have been idle
        for a while."""
        super().__init__(name, threads, waiting_max)
        self._most = most or threads
        self._at_end = at_end
        self._turn = threading.Condition()  # of all that follows
        self._queue: FairQueue[Job] = FairQueue(threads, self._most, waiting_max)
        self._idle_count = 0
        self._is_closing = False

    async def run(self, work: Callable[[], T]) -> T:
        """As `run_for`, for nobody in particular."""
        return await self.run_for(NOBODY, work)

    async def run_for(self, client: Client, work: Callable[[], T]) -> T:
        """Run work when `client` has a thread to spare. Raises LaneIsFull when too much of theirs
        waits already."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = (work, future)
        try:
            with self._turn:
                displaced = self._queue.push(client, job)
                self._see_to_a_thread()
        except QueueIsFull:
            raise LaneIsFull(self.name) from None
        if displaced is not None and not displaced[1].done():
            displaced[1].set_exception(LaneIsFull(self.name))
        try:
            return await future
        finally:
            if future.cancelled():
                with self._turn:
                    self._queue.discard(client, job)

    def close(self) -> None:
        """Let every thread finish what it does and end; waiting jobs are done first."""
        with self._turn:
            self._is_closing = True
            self._turn.notify_all()
        for thread in list(self._threads):
            thread.join()

    def _see_to_a_thread(self) -> None:
        """Something may run: wake an idle thread, or start one when all are busy."""
        if not self._queue.has_next():
            return
        count = len(self._threads)
        if self._idle_count:
            self._turn.notify()
        elif count < self._thread_count or self._queue.running >= count < self._most:
            self._start()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=self._free_name(), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _free_name(self) -> str:
        taken = {thread.name for thread in self._threads}
        names = (f"{self.name}-{number}" for number in range(self._most))
        return next(name for name in names if name not in taken)

    def _work(self) -> None:
        try:
            while (taken := self._next()) is not None:
                client, (work, future) = taken
                begun_at = time.monotonic()
                try:
                    result, failure = work(), None
                except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
                    result, failure = None, error
                with self._turn:
                    self._queue.done(client, time.monotonic() - begun_at)
                _deliver([(future, result, failure)])
                del taken, work, future, result, failure  # an idle thread keeps no body alive
        finally:
            self._at_end()

    def _next(self) -> tuple[Client, Job] | None:
        """The next job; None when this thread is to end."""
        with self._turn:
            while (taken := self._queue.take()) is None:
                self._idle_count += 1
                was_woken = not self._is_done() and self._turn.wait(IDLE_S)
                self._idle_count -= 1
                is_additional = len(self._threads) > self._thread_count
                if self._is_done() or (is_additional and not was_woken):
                    self._threads.remove(threading.current_thread())
                    return None
            # Shares may have grown with the job that this thread has done: one wakes the next.
            self._see_to_a_thread()
            if self._is_done():
                self._turn.notify_all()
            return taken

    def _is_done(self) -> bool:
        return self._is_closing and not self._queue.waiting


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
