"""Connections for long reads: one frozen view of the database, apart from the request's own.

An export may last as long as its reader is slow, may be handed from thread to thread by the server
and may be dropped half-way. So it never touches Django's connection of the thread: it borrows one
of a few that this process keeps for the purpose.
"""

import queue
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo

_MAX_IDLE = 4
_NAMES = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
_idle: defaultdict[str, "queue.SimpleQueue[psycopg.Connection]"] = defaultdict(queue.SimpleQueue)


def conninfo() -> str:
    """How to reach the database that Django is using, tests' included."""
    facts: dict[str, Any] = settings.DATABASES["default"]
    parts = {ours: facts[theirs] for theirs, ours in _NAMES.items() if facts.get(theirs)}
    # What remains of the URL (sslmode and the like); `prepare_threshold` is not libpq's.
    options = {k: v for k, v in facts["OPTIONS"].items() if k != "prepare_threshold"}
    return make_conninfo("", **parts, **options)


@contextmanager
def snapshot() -> Iterator[psycopg.Connection]:
    """A connection inside a REPEATABLE READ transaction; all its statements see one moment."""
    idle = _idle[conninfo()]
    connection = _take(idle) or _connect()
    try:
        with connection.transaction():
            yield connection
    finally:
        # Rolled back by `transaction` when the reader left early; a broken one is not kept.
        if connection.closed or idle.qsize() >= _MAX_IDLE:
            connection.close()
        else:
            idle.put(connection)


def _take(idle: "queue.SimpleQueue[psycopg.Connection]") -> psycopg.Connection | None:
    """A kept connection that still answers, or None."""
    while True:
        try:
            connection = idle.get_nowait()
            connection.execute("")
        except queue.Empty:
            return None
        except psycopg.OperationalError:
            connection.close()
        else:
            return connection


def _connect() -> psycopg.Connection:
    connection = psycopg.connect(conninfo(), autocommit=True, application_name="grove export")
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def close_idle() -> None:
    """Hang up on the connections kept for the next export."""
    for idle in _idle.values():
        while not idle.empty():
            idle.get_nowait().close()
