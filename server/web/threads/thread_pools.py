"""Thread pools that run blocking requests for an event loop.

They keep whatever waits (passwords, bodies of any length, other servers) from occupying the few
threads that answer reads and writes, and from one another. A plain queue and one wake-up per
request: half the cost of `loop.run_in_executor`, whose futures respond locks and conditions that
nobody here waits on.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

from server.web.threads.batching import Job, Outcome

REST_S = 30.0

T = TypeVar("T")


class PoolIsFull(Exception):
    """More requests wait than could be answered in reasonable time."""


class ThreadPool:
    """`threads` workers, started with the first job; at most `waiting_max` jobs wait for them."""

    def __init__(
        self,
        name: str,
        threads: int,
        waiting_max: int = 512,
        *,
        at_rest: Callable[[], None] = lambda: None,
    ) -> None:
        """`at_rest` is called in a thread that has had nothing to do for REST_S, once."""
        self.name = name
        self._thread_count = threads
        self._limit = threads + waiting_max
        self._at_rest = at_rest
        self._open_count = 0  # touched by the event loop's thread only
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.workers: list[threading.Thread] = []

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work in one of the pool's threads. Raises PoolIsFull at once."""
        if self._open_count >= self._limit:
            raise PoolIsFull(self.name)
        if not self.workers:
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
        for _ in self.workers:
            self._jobs.put(None)
        for thread in self.workers:
            thread.join()
        self.workers.clear()

    def _start(self) -> None:
        for number in range(self._thread_count):
            name = f"{self.name}-{number}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()
            self.workers.append(thread)

    def _work(self) -> None:
        while (job := self._awaited()) is not None:
            work, future = job
            try:
                result, failure = work(), None
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
                result, failure = None, error
            deliver([(future, result, failure)])
            del job, work, future, result, failure  # an idle thread must not keep a body alive

    def _awaited(self) -> Job | None:
        """The next job, however long it takes to come; None when the pool closes."""
        try:
            return self._jobs.get(timeout=REST_S)
        except Empty:
            self._at_rest()
            return self._jobs.get()


def deliver(outcomes: Sequence[Outcome]) -> None:
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
