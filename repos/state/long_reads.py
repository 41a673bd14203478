"""Snapshots for long reads: database connections of their own, each with one frozen view.

An export may last as long as its reader is slow, may be handed from thread to thread by the server
and may be dropped half-way. So it never touches Django's connection of the thread: it borrows one
of a few that this process keeps for the purpose.
"""

import queue
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import generators
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from server.database import connection as database
from server.database.connection import conninfo

_MAX_IDLE = 4
_CANCEL_S = 5.0
IDLE: defaultdict[str, "queue.SimpleQueue[psycopg.Connection]"] = defaultdict(queue.SimpleQueue)


@contextmanager
def snapshot() -> Iterator[psycopg.Connection]:
    """A connection inside a REPEATABLE READ transaction; all its statements see one moment."""
    idle = IDLE[conninfo()]
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


def stream(
    connection: psycopg.Connection, sql: str, params: Sequence[bytes], rows: int
) -> Iterator[PGresult]:
    """The rows of a statement as libpq has them, so many at a time, while Postgres makes the next.

    Half the cost of a server-side cursor, which asks for every batch and makes objects of every
    row. Parameters are text ($1, $2), values binary. No other statement may run meanwhile.
    """
    wire = connection.pgconn
    wire.send_query_params(sql.encode(), params, result_format=1)
    wire.set_chunked_rows_mode(rows)
    try:
        connection.wait(generators.send(wire))
        while (result := connection.wait(generators.fetch(wire))) is not None:
            if result.status == ExecStatus.TUPLES_CHUNK:
                yield result
            elif result.status != ExecStatus.TUPLES_OK:
                raise psycopg.errors.error_from_result(result)
    finally:
        if wire.transaction_status == TransactionStatus.ACTIVE:
            _abandon(connection)


def _abandon(connection: psycopg.Connection) -> None:
    """The reader left in the middle of a statement: stop it, so that the next one can run."""
    connection.cancel_safe(timeout=_CANCEL_S)
    while connection.wait(generators.fetch(connection.pgconn)) is not None:
        pass


def _take(idle: "queue.SimpleQueue[psycopg.Connection]") -> psycopg.Connection | None:
    """A kept connection that Postgres has not hung up on, or None."""
    while True:
        try:
            connection = idle.get_nowait()
        except queue.Empty:
            return None
        if not database.has_hung_up(connection):
            return connection
        connection.close()


def _connect() -> psycopg.Connection:
    connection = psycopg.connect(conninfo(), autocommit=True, application_name="grove export")
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def close_idle() -> None:
    """Hang up on the connections kept for the next export."""
    for idle in IDLE.values():
        while not idle.empty():
            idle.get_nowait().close()
