"""One question at a time: threads that ask the same thing at once share one answer."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Questions under way in this process, by key."""

    def __init__(self) -> None:
        self._under_way: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def share(self, key: str, ask: Callable[[], T]) -> T:
        """The answer of `ask`, or of the same question that another thread is asking already; what
        it raises is raised to all of them."""
        with self._lock:
            flight = self._under_way.get(key)
            if is_first := flight is None:
                flight = self._under_way[key] = Future()
        if is_first:
            self._fly(key, flight, ask)
        return flight.result()

    def _fly(self, key: str, flight: "Future[T]", ask: Callable[[], T]) -> None:
        try:
            flight.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised again, to everybody who waits
            flight.set_exception(error)
        finally:
            with self._lock:
                del self._under_way[key]
