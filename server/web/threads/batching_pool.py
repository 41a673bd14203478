"""A lane in which the requests of one moment run side by side (server.web.threads.batching)."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from math import inf
from queue import Empty
from typing import TypeVar

from server.web.threads.batching import Gathering, Job
from server.web.threads.thread_pools import Lane, deliver

COMPANY_S = 0.0007  # how long a request waits for others when the last one was not alone
PATIENCE_S = 0.05

T = TypeVar("T")


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
        Gathering(self._come_since, deliver).run(jobs)
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
