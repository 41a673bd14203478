"""A thread pool that runs waiting requests as one batch (server.web.threads.batching)."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from math import inf
from queue import Empty
from typing import TypeVar

from server.web.threads.batching import Batch, Job
from server.web.threads.thread_pools import ThreadPool, deliver

GATHER_S = 0.0007  # how long a request waits for others when the last one was not alone
STUCK_AFTER_S = 0.05

T = TypeVar("T")


class BatchingPool(ThreadPool):
    """A thread pool that runs waiting requests as one batch, in one thread.

    One thread leads, the others stand by. When the leader is held up (a lock of another process, a
    database that hangs), it holds up its own batch alone: the next thread becomes the leader.
    """

    def __init__(self, name: str, threads: int, waiting_max: int = 512) -> None:
        super().__init__(name, threads, waiting_max)
        self._leader = _Leader()
        self._was_batched = False
        self._checked_until = 0.0

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work beside other requests' work. Raises PoolIsFull at once."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._checked_until:
            self._check_leader_later(loop)
        return await super().run(work)

    def _check_leader_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._checked_until = loop.time() + STUCK_AFTER_S
        loop.call_later(STUCK_AFTER_S, self._check_leader, loop)

    def _check_leader(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._jobs.empty():
            self._leader.replace_if_stuck()
            self._check_leader_later(loop)

    def _work(self) -> None:
        is_open = True
        while is_open:
            self._leader.become()
            # The same thread as long as it can: one connection to the database stays warm.
            while is_open and self._leader.is_me():
                is_open = self._run_batch()
        self._leader.resign()

    def _run_batch(self) -> bool:
        """Run what waits, or what comes next. False when the pool closes."""
        self._leader.idle()
        if (first := self._jobs.get()) is None:
            return False
        self._leader.beat()
        if self._was_batched:
            time.sleep(GATHER_S)
        jobs = [first, *self._take_waiting()]
        self._was_batched = len(jobs) > 1
        del first
        Batch(self._take_waiting, deliver).run(jobs)
        return True

    def _take_waiting(self) -> Sequence[Job]:
        self._leader.beat()
        jobs: list[Job] = []
        try:
            while (job := self._jobs.get_nowait()) is not None:
                jobs.append(job)
            self._jobs.put(None)  # the pool closes: another thread waits for that, too
        except Empty:
            pass
        return jobs


class _Leader:
    """The thread that takes waiting requests, until it resigns or shows no sign of life for too
    long."""

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._guard = threading.Lock()  # of the two below
        self._holder: int | None = None
        self._last_beat_at = inf

    def become(self) -> None:
        """Wait until this thread is the leader."""
        self._free.acquire()
        with self._guard:
            self._holder = threading.get_ident()
            self._last_beat_at = inf

    def is_me(self) -> bool:
        """Whether this thread is the leader still."""
        return self._holder == threading.get_ident()

    def beat(self) -> None:
        """The leader goes on with its work."""
        self._note_sign_of_life(time.monotonic())

    def idle(self) -> None:
        """The leader waits for work: nothing to do is no delay."""
        self._note_sign_of_life(inf)

    def resign(self) -> None:
        """Make way for the next leader, unless that has happened already."""
        with self._guard:
            if self.is_me():
                self._holder = None
                self._free.release()

    def replace_if_stuck(self) -> None:
        """Make way for the next leader if this one is held up."""
        with self._guard:
            if self._holder is not None and time.monotonic() - self._last_beat_at > STUCK_AFTER_S:
                self._holder = None
                self._free.release()

    def _note_sign_of_life(self, at: float) -> None:
        with self._guard:
            if self.is_me():
                self._last_beat_at = at
