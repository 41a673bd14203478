"""The hot path's way to Postgres: this thread's Django connection, prepared and binary.

Django's own cursors interpolate parameters on the client, which rules out prepared statements; a
plain psycopg cursor on the same connection takes part in the same transactions and answers a
look-up in a third of the time (docs/architecture.md, "Reads").
"""

import select
from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from django.db import connection

Params = Sequence[Any] | Mapping[str, Any]
Row = tuple[Any, ...]


def hot() -> psycopg.Connection[Row]:
    """This thread's connection, replaced when Postgres has hung up on it meanwhile."""
    connection.ensure_connection()
    if not connection.in_atomic_block and _has_hung_up(connection.connection):
        connection.close()
        connection.ensure_connection()
    return cast("psycopg.Connection[Row]", connection.connection)


def row(sql: str, params: Params = ()) -> Row | None:
    """The first row of a statement, or None. Values come as binary: bytea is `bytes`."""
    return _execute(sql, params).fetchone()


def rows(sql: str, params: Params = ()) -> list[Row]:
    """All rows of a statement."""
    return _execute(sql, params).fetchall()


def _execute(sql: str, params: Params) -> psycopg.Cursor[Row]:
    cursor = psycopg.Cursor(hot())
    return cursor.execute(sql.encode(), params, binary=True)


def _has_hung_up(raw: psycopg.Connection[Row]) -> bool:
    """Whether an idle connection has something to read: only the server's farewell can be there.

    One system call of two microseconds, against a `SELECT 1` before every request.
    """
    if raw.closed:
        return True
    readable, _, _ = select.select([raw.fileno()], [], [], 0)
    return bool(readable)
