"""Request coalescing: threads that ask for the same thing at once share one request."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Requests under way in this process, by key."""

    def __init__(self) -> None:
        self._calls: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def run(self, key: str, ask: Callable[[], T]) -> T:
        """The answer of `ask`, or of the same question that another thread is asking already; what
        it raises is raised to all of them."""
        with self._lock:
            call = self._calls.get(key)
            if is_first := call is None:
                call = self._calls[key] = Future()
        if is_first:
            self._run(key, call, ask)
        return call.result()

    def _run(self, key: str, call: "Future[T]", ask: Callable[[], T]) -> None:
        try:
            call.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised again, to everybody who waits
            call.set_exception(error)
        finally:
            with self._lock:
                del self._calls[key]
