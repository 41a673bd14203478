"""A pool for work that is all CPU and lets go of the interpreter, such as password hashes.

Other threads wait for it, each on behalf of a client, and clients get fair shares
(server.web.threads.fair_queue). One thread for each core is as quick as any number, and takes no
more memory than that many pieces of work; all are of lower priority, so that whatever else a core
has to do comes first.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, TypeVar

from server.web.threads import on_behalf
from server.web.threads.fair_queue import FairQueue, QueueIsFull
from server.web.threads.thread_pools import PoolIsFull

NICENESS: Final = 5  # a third of the weight of what other threads do
WAITING_MAX: Final = 512

T = TypeVar("T")
_Job = tuple[Callable[[], Any], Future[Any]]


class CpuPool:
    """`threads` workers, started when they are first needed; nobody queues for longer than
    `queues_s`."""

    def __init__(self, name: str, threads: int, queues_s: float) -> None:
        self.name = name
        self._thread_count = threads
        self._queues_s = queues_s
        self._turn = threading.Condition()  # of all that follows
        self.queue: FairQueue[_Job] = FairQueue(threads, threads, WAITING_MAX)
        self._workers = 0

    def run(self, work: Callable[[], T]) -> T:
        """What `work` gives. Raises PoolIsFull when its turn does not come in time, counted from
        when the request that this thread works for began to queue."""
        asker = on_behalf.current()
        until = min(asker.queues_until, time.monotonic() + self._queues_s)
        future: Future[T] = Future()
        job = (work, future)
        self._push(asker, job)
        with suppress(TimeoutError):
            return future.result(max(0.0, until - time.monotonic()))
        if future.cancel():
            with self._turn:
                self.queue.discard(asker.client, job)
            raise PoolIsFull(self.name)
        return future.result()  # it has begun

    def _push(self, asker: on_behalf.Asker, job: _Job) -> None:
        try:
            with self._turn:
                displaced = self.queue.push(asker.client, job)
                self._start_missing()
                self._turn.notify()
        except QueueIsFull:
            raise PoolIsFull(self.name) from None
        if displaced is not None and displaced[1].set_running_or_notify_cancel():
            displaced[1].set_exception(PoolIsFull(self.name))

    def _start_missing(self) -> None:
        wanted = min(self._thread_count, self.queue.running + self.queue.waiting)
        with suppress(RuntimeError):  # the machine has no thread to spare: work waits for its time
            while self._workers < wanted:
                name = f"{self.name}-{self._workers}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
                self._workers += 1

    def _work(self) -> None:
        with suppress(OSError, AttributeError):  # where threads have no priorities of their own
            own = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
        while True:
            with self._turn:
                while (taken := self.queue.take()) is None:
                    self._turn.wait()
                self._turn.notify()  # there may be more, for one who was not told
            client, (work, future) = taken
            begun_at = time.monotonic()
            if future.set_running_or_notify_cancel():
                _settle(future, work)
            with self._turn:
                self.queue.done(client, time.monotonic() - begun_at)
            del taken, work, future


def _settle(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
        future.set_exception(error)
