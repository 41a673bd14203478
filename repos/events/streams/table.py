"""A stream's table: what is known of it, and its numbered rows as frames, a page at a time.

One asynchronous connection a process, opened when it is needed and again after Postgres was away.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

# A page ends with the event that fills it: two hundred of the largest would be half a gigabyte,
# and a consumer that has stopped reading holds two pages until it is cut off.
PAGE_BYTES = 524_288
# libpq reads as much at once as its buffer holds: 16 kB, until a longer value has made it grow for
# good. With room for much of a page, its arrival wakes the event loop a few times and not thirty.
_WIDEN = f"SELECT repeat('x', {PAGE_BYTES // 2})"
_TRIES = 20
_PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class StreamTable:
    """A table whose rows are the events of many streams. All names are SQL's.

    `key` says to which stream a row belongs. Within it rows are numbered by `seq`, over all streams
    by `position` (of a single stream the same column), both without gaps and after the row is
    visible, null until then. `columns` are what a frame is made of besides the number, `body` among
    them: `frame(*columns, seq)`.

    `counter` is a table by the same key: `last_seq` given out, and `dropped_seq`, the last that
    retention took. Its row of key 0 has the last `position`. Who gives numbers notifies `channel`.
    """

    name: str
    key: str
    columns: tuple[str, ...]
    frame: Callable[..., bytes]
    counter: str
    channel: str
    position: str = "position"


@dataclass(frozen=True, slots=True)
class Page:
    """Events of one stream in order, ready to send; at least one."""

    first_seq: int
    last_seq: int
    frames: list[bytes]


class TableReader:
    """Pages of one stream's events."""

    def __init__(self, table: StreamTable, conninfo: str) -> None:
        self._table = table
        self._conninfo = conninfo
        self._page = _page_of(table)
        self._ends = f"SELECT last_seq, dropped_seq FROM {table.counter} WHERE {table.key} = %s"  # noqa: S608 - names of ours
        self._connection: psycopg.AsyncConnection | None = None
        self._lock = asyncio.Lock()

    async def page(self, key: int, after: int, limit: int) -> Page | None:
        """Up to `limit` events with a `seq` beyond `after`, in order; None when none are."""
        rows = await self.rows(self._page, (key, after, limit))
        if not rows:
            return None
        frame = self._table.frame
        return Page(rows[0][-1], rows[-1][-1], [frame(*row) for row in rows])

    async def ends(self, key: int) -> tuple[int, int]:
        """The last number given out and the last that retention took, 0 when there is none."""
        rows = await self.rows(self._ends, (key,))
        return rows[0] if rows else (0, 0)

    async def rows(self, sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """What a statement returns, in binary; tried again while Postgres is away. Raises
        psycopg.Error."""
        async with self._lock:
            for _ in range(_TRIES):
                try:
                    connection = await self._connected()
                    cursor = await connection.execute(sql.encode(), params, binary=True)
                    return await cursor.fetchall()
                except psycopg.OperationalError:
                    await self.close()
                    await asyncio.sleep(_PAUSE_S)
        raise psycopg.OperationalError("Postgres could not be reached again")

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _connected(self) -> psycopg.AsyncConnection:
        if self._connection is None:
            self._connection = await connect(self._table, self._conninfo)
            await self._connection.execute(_WIDEN.encode())
        return self._connection


async def connect(table: StreamTable, conninfo: str) -> psycopg.AsyncConnection:
    """A connection of one's own for a stream's reading."""
    return await psycopg.AsyncConnection.connect(
        conninfo, autocommit=True, prepare_threshold=1, application_name=f"grove {table.channel}"
    )


def _page_of(table: StreamTable) -> str:
    """Rows of the columns, then `seq`."""
    columns = ", ".join((*table.columns, "seq"))
    return f"""
        SELECT {columns} FROM (
            SELECT {columns}, sum(octet_length(body)) OVER (ORDER BY seq) AS size
            FROM (
                SELECT {columns} FROM {table.name}
                WHERE {table.key} = %s AND seq > %s ORDER BY seq LIMIT %s
            ) found
        ) counted WHERE size - octet_length(body) < {PAGE_BYTES} ORDER BY seq
    """  # noqa: S608 - names of ours
