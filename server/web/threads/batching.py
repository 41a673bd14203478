"""Batching: requests run as greenlets in one thread, and go to the database together.

Each is a greenlet: it runs until it ends or comes to a point where it meets others (`join_batch`).
When nobody can go on, those who wait at one point are served in one go, and run on. A thread for
each would cost a lock, a wake-up and a fight for the interpreter at every such point.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")
R = TypeVar("R")
TakeMore = Callable[[], Sequence[T]]
Serve = Callable[[Sequence[T], TakeMore[T]], Sequence[R]]
Work = Callable[[], Any]
Job = tuple[Work, Any]  # what is to be done, and whose it is
Outcome = tuple[Any, Any, BaseException | None]  # whose it is, what came of it, what it raised

_here = threading.local()


class Batch:
    """Runs jobs in the thread that calls `run`. `more()` gives jobs that came since; `deliver` gets
    outcomes as soon as there are any, and before whoever is left is served."""

    def __init__(
        self, more: Callable[[], Sequence[Job]], deliver: Callable[[Sequence[Outcome]], None]
    ) -> None:
        self._more = more
        self._deliver = deliver
        self._hub = getcurrent()
        self._ended: list[Outcome] = []
        self._waiting: dict[tuple[Serve[Any, Any], Hashable], list[tuple[greenlet, Any]]] = {}

    def run(self, jobs: Sequence[Job]) -> None:
        """Return when every job has ended."""
        _here.batch = self
        try:
            self._begin(jobs)
            while self._waiting:
                self._hand_out()
                self._serve(next(iter(self._waiting)))
            self._hand_out()
        finally:
            _here.batch = None

    def join(self, serve: Serve[T, R], item: T, key: Hashable) -> R:
        """Wait until `item` is served; what came of it."""
        if getcurrent() is self._hub:  # who serves: nobody else could serve its own item
            return _alone(serve, item)
        self._waiting.setdefault((serve, key), []).append((getcurrent(), item))
        outcome: R = self._hub.switch()
        return outcome

    def _begin(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            greenlet(self._go, self._hub).switch(*job)

    def _go(self, work: Work, whose: object) -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            failure = error
        self._ended.append((whose, result, failure))  # looked up now: the list changes meanwhile

    def _hand_out(self) -> None:
        if self._ended:
            self._deliver(self._ended)
            self._ended = []

    def _serve(self, point: tuple[Serve[Any, Any], Hashable]) -> None:
        served = self._waiting.pop(point)

        def take_more() -> Sequence[Any]:
            self._begin(self._more())
            came = self._waiting.pop(point, [])
            served.extend(came)
            return [item for _, item in came]

        try:
            outcomes = point[0]([item for _, item in served], take_more)
            handed = list(zip(served, outcomes, strict=True))
        except BaseException as error:  # noqa: BLE001 - it is raised again where each of them waits
            for member, _ in served:
                member.throw(error)
        else:
            for (member, _), outcome in handed:
                member.switch(outcome)


def join_batch(serve: Serve[T, R], item: T, key: Hashable = None) -> R:
    """What `serve` makes of this item, called with all that wait for the same `serve` and `key` in
    this batch; alone, outside of one. What `serve` raises is raised to everybody.

    `serve(items, take_more)` returns an outcome for each item, in their order. It may call
    `take_more()`: those who came to the same point meanwhile, to be served after the others.
    """
    batch: Batch | None = getattr(_here, "batch", None)
    return batch.join(serve, item, key) if batch is not None else _alone(serve, item)


def _alone(serve: Serve[T, R], item: T) -> R:
    (outcome,) = serve([item], tuple)
    return outcome
