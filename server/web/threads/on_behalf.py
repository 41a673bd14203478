"""On whose behalf this thread works, and until when that client waits: what a shared pool notes for
pools further on."""

import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from server.net.client_networks import Client

T = TypeVar("T")


class Asker(NamedTuple):
    """A client, and the moment (of `time.monotonic`) up to which its request may queue."""

    client: Client
    queues_until: float = float("inf")


NOBODY = Client("", "")
_nobody = Asker(NOBODY)
_here = threading.local()


def current() -> Asker:
    """Who asked for what this thread does; nobody in particular outside of a shared pool."""
    asker: Asker = getattr(_here, "asker", _nobody)
    return asker


def run(asker: Asker, work: Callable[[], T]) -> T:
    """Do work on somebody's behalf."""
    _here.asker = asker
    try:
        return work()
    finally:
        _here.asker = _nobody
