"""A thread pool whose clients get fair shares (server.web.threads.fair_queue)."""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from server.net.client_networks import Client
from server.web.threads import on_behalf
from server.web.threads.batching import Job
from server.web.threads.fair_queue import FairQueue, QueueIsFull
from server.web.threads.on_behalf import NOBODY, Asker
from server.web.threads.thread_pools import PoolIsFull, ThreadPool, deliver

IDLE_S = 30.0  # after which a thread ends, and with it its connection to the database

T = TypeVar("T")


class SharedPool(ThreadPool):
    """A fair pool (server.web.threads.fair_queue): however much some clients ask for, a client with
    nothing under way is served at once, as long as fewer than `most` clients have something under
    way."""

    def __init__(  # noqa: PLR0913 - its bounds
        self,
        name: str,
        threads: int,
        waiting_max: int = 512,
        *,
        most: int | None = None,
        queues_s: float = float("inf"),
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        """Nobody queues for longer than `queues_s`. `at_end` is called in a thread that ends, as
        each does when it has been idle for a while."""
        super().__init__(name, threads, waiting_max)
        self._most = most or threads
        self._queues_s = queues_s
        self._at_end = at_end
        self._turn = threading.RLock()  # of all that follows
        self.queue: FairQueue[Job] = FairQueue(threads, self._most, waiting_max)
        # A thread's own condition while it is idle. The last to come is the first to go on, so that
        # those that are not needed end.
        self._idle: list[threading.Condition] = []
        self._is_closing = False

    async def run(self, work: Callable[[], T]) -> T:
        """As `run_for`, for nobody in particular."""
        return await self.run_for(NOBODY, work)

    async def run_for(self, client: Client, work: Callable[[], T]) -> T:
        """Run work when `client` has a thread to spare. Raises PoolIsFull when too much of theirs
        waits already, or when no thread has come in time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        asker = Asker(client, time.monotonic() + self._queues_s)
        job = (partial(on_behalf.run, asker, work), future)
        try:
            with self._turn:
                displaced = self.queue.push(client, job)
                self._wake_or_start_thread()
        except QueueIsFull:
            raise PoolIsFull(self.name) from None
        if displaced is not None and not displaced[1].done():
            displaced[1].set_exception(PoolIsFull(self.name))
        giving_up = None
        if self._queues_s < float("inf"):
            giving_up = loop.call_later(self._queues_s, self._give_up, client, job)
        try:
            return await future
        finally:
            if giving_up is not None:
                giving_up.cancel()
            if future.cancelled():
                with self._turn:
                    self.queue.discard(client, job)

    def close(self) -> None:
        """Let every thread finish what it does and end; waiting jobs are done first."""
        with self._turn:
            self._is_closing = True
            self._wake_all()
        for thread in list(self.workers):
            thread.join()

    def _give_up(self, client: Client, job: Job) -> None:
        with self._turn:
            was_waiting = self.queue.discard(client, job)
        if was_waiting and not job[1].done():
            job[1].set_exception(PoolIsFull(self.name))

    def _wake_or_start_thread(self) -> None:
        """Something may run: wake an idle thread, or start one when all are busy."""
        if not self.queue.has_next():
            return
        count = len(self.workers)
        if self._idle:
            self._idle.pop().notify()
        elif count < self._thread_count or self.queue.running >= count < self._most:
            self._start()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=self._free_name(), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread to spare: those that are there go on
            if not self.workers:
                raise
        else:
            self.workers.append(thread)  # it waits for its turn, which we hold

    def _free_name(self) -> str:
        taken = {thread.name for thread in self.workers}
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
                    self.queue.done(client, time.monotonic() - begun_at)
                deliver([(future, result, failure)])
                del taken, work, future, result, failure  # an idle thread keeps no body alive
        finally:
            self._at_end()

    def _next(self) -> tuple[Client, Job] | None:
        """The next job; None when this thread is to end."""
        with self._turn:
            while (taken := self.queue.take()) is None:
                if self._is_done() or not self._is_woken():
                    self.workers.remove(threading.current_thread())
                    return None
            # Shares may have grown with the job that this thread has done: one wakes the next.
            self._wake_or_start_thread()
            if self._is_done():
                self._wake_all()
            return taken

    def _is_woken(self) -> bool:
        """Wait for something to do; False when nothing came for long."""
        own = threading.Condition(self._turn)
        self._idle.append(own)
        own.wait(IDLE_S)
        if own in self._idle:
            self._idle.remove(own)
            return self._is_closing or self.queue.has_next()
        return True

    def _wake_all(self) -> None:
        while self._idle:
            self._idle.pop().notify()

    def _is_done(self) -> bool:
        return self._is_closing and not self.queue.waiting
