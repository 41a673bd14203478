"""A thread pool that runs waiting requests as one batch (server.web.threads.batching)."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty
from typing import TypeVar

from server.web.threads.batching import Batch, Job
from server.web.threads.thread_pools import REST_S, ThreadPool, deliver

GATHER_S = 0.0007  # how long a request waits for others when the last one was not alone
STUCK_AFTER_S = 0.05

T = TypeVar("T")


class BatchingPool(ThreadPool):
    """A thread pool that runs waiting requests as one batch, in one thread.

    One thread leads, the others stand by. When the leader is held up (a lock of another process, a
    database that hangs), it holds up its own batch alone: the next thread becomes the leader.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        waiting_max: int = 512,
        *,
        at_rest: Callable[[], None] = lambda: None,
    ) -> None:
        """`at_rest` is called in a thread that has stood by for REST_S, once."""
        super().__init__(name, threads, waiting_max, at_rest=at_rest)
        self._leader = _Leader()
        self._was_batched = False
        self._watched_until = 0.0

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work beside other requests' work. Raises PoolIsFull at once."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._watched_until:
            self._look_later(loop)
        return await super().run(work)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watched_until = loop.time() + STUCK_AFTER_S
        loop.call_later(STUCK_AFTER_S, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody need look at the leader while nothing waits for it."""
        if not self._jobs.empty():
            self._leader.replace_if_stuck()
            self._look_later(loop)

    def _work(self) -> None:
        is_open = True
        while is_open:
            if not self._leader.become(within_s=REST_S):
                self._at_rest()
                self._leader.become()
            # The same thread as long as it can: one connection to the database stays warm.
            while is_open and self._leader.is_me():
                is_open = self._run_batch()
        self._leader.resign()

    def _run_batch(self) -> bool:
        """Run what waits, or what comes next. False when the pool closes."""
        self._leader.rest()
        if (first := self._jobs.get()) is None:
            return False
        if self._was_batched:
            time.sleep(GATHER_S)
        jobs = [first, *self._take_waiting()]
        self._was_batched = len(jobs) > 1
        del first
        Batch(self._take_waiting, deliver).run(jobs)
        return True

    def _take_waiting(self) -> Sequence[Job]:
        self._leader.go_on()
        jobs: list[Job] = []
        try:
            while (job := self._jobs.get_nowait()) is not None:
                jobs.append(job)
            self._jobs.put(None)  # the pool closes: another thread waits for that, too
        except Empty:
            pass
        return jobs


class _Leader:
    """The thread that takes waiting requests. Who stands by waits at one condition.

    | state  | the thread   | at work since         | next                                     |
    |--------|--------------|-----------------------|------------------------------------------|
    | vacant | None         | None                  | idle: `become`, whoever stands by        |
    | idle   | who leads    | None                  | busy: `go_on`; vacant: `resign`          |
    | busy   | who leads    | its last sign of life | busy: `go_on`; idle: `rest`; vacant:     |
    |        |              |                       | `replace_if_stuck`, from the event loop  |

    What a thread calls that does not lead, or leads no more, changes nothing.
    """

    def __init__(self) -> None:
        self._vacancy = threading.Condition()
        self._thread: int | None = None
        self._busy_since: float | None = None

    def become(self, within_s: float | None = None) -> bool:
        """Wait until this thread is the leader; False when it is not within so many seconds."""
        with self._vacancy:
            if not self._vacancy.wait_for(lambda: self._thread is None, within_s):
                return False
            self._thread = threading.get_ident()
            return True

    def is_me(self) -> bool:
        """Whether this thread is the leader still."""
        return self._thread == threading.get_ident()

    def go_on(self) -> None:
        """The leader is at work: a sign of life."""
        self._note(time.monotonic())

    def rest(self) -> None:
        """The leader waits for work: nothing to do is no delay."""
        self._note(None)

    def resign(self) -> None:
        """Make way for the next leader, unless that has happened already."""
        with self._vacancy:
            if self.is_me():
                self._vacate()

    def replace_if_stuck(self) -> None:
        """Make way for the next leader if this one shows no sign of life for too long."""
        with self._vacancy:
            since = self._busy_since
            if since is not None and time.monotonic() - since > STUCK_AFTER_S:
                self._vacate()

    def _note(self, busy_since: float | None) -> None:
        with self._vacancy:
            if self.is_me():
                self._busy_since = busy_since

    def _vacate(self) -> None:
        self._thread = self._busy_since = None
        self._vacancy.notify()
