"""Django's Postgres backend: as many connections of one process as are its share of Postgres's.

Each thread has a connection of its own, and pools have more threads between them than Postgres has
places. One that finds none waits for a moment and then says so, as it would of a Postgres that is
away: 503 with `Retry-After`.
"""

import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Any, Final

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base

from server import environment

WAITS_S: Final = 2.0
_LOOKS_EVERY_S = 0.05
_UNCOUNTED = 10  # of each web process: snapshots of exports, small reads, the firehose
_OTHERS = 18  # the worker, the sequencer, the directory, the relay


def share() -> int:
    """How many connections this process may have by Django."""
    places = environment.database_connections() - _OTHERS
    return max(8, places // environment.web_processes() - _UNCOUNTED)


class Places:
    """Those of this process: taken by connections that are open, and by those on their way."""

    def __init__(self) -> None:
        self._turn = Condition()
        self._open: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()
        self._opening = 0

    @contextmanager
    def opening(self) -> Iterator[weakref.WeakSet[psycopg.Connection[Any]]]:
        """Around an attempt to connect; what came of it is to be added to what this gives."""
        deadline = time.monotonic() + WAITS_S
        with self._turn:
            while self._opening + sum(not each.closed for each in self._open) >= share():
                if time.monotonic() > deadline:
                    raise OperationalError("this process has its share of connections")
                self._turn.wait(_LOOKS_EVERY_S)  # connections are closed without a word
            self._opening += 1
        try:
            yield self._open
        finally:
            with self._turn:
                self._opening -= 1


places = Places()


class DatabaseWrapper(base.DatabaseWrapper):
    """Raises OperationalError where the share is taken."""

    def get_new_connection(self, conn_params: Any) -> Any:
        with places.opening() as opened:
            connection = super().get_new_connection(conn_params)
            opened.add(connection)
        return connection
