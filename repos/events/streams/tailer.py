"""The tailer: one task a process that reads numbered events as they come and fills the rings.

It is woken by a NOTIFY of whoever gives numbers, once a batch, and looks twice a second in any
case, so that a lost notification costs time and nothing else. Its place is the `position`: the
order in which events of all streams of the table were numbered.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, Protocol

import psycopg
import structlog

from repos.events.streams.table import StreamTable, connect

PAGE = 500
_PAGE_BYTES = 8 * 1_048_576  # a page ends with the event that fills it
# After a quiet moment events are read at once, under load this often: what is read together goes
# to each consumer in one write, and writes are most of what a delivery costs.
PACE_S = 0.01
_LOOK_ANYWAY_S = 0.5
_RECONNECT_PAUSE_S = 0.25

logger = structlog.stdlib.get_logger(__name__)


class Sink(Protocol):
    """Takes one stream's frames, numbered without gaps from `first_seq` on."""

    def __call__(self, key: int, first_seq: int, frames: list[bytes]) -> None: ...


class Tailer:
    """Reads on from where it began; what happened before is the table's business."""

    def __init__(
        self,
        table: StreamTable,
        conninfo: str,
        sink: Sink,
        followed: Callable[[], Iterable[int]],
    ) -> None:
        """`followed` says which streams' events the sink has a use for; a stream that it names only
        while a page is on its way begins with the page after."""
        self._table = table
        self._conninfo = conninfo
        self._sink = sink
        self._followed = followed
        self._next = _next_of(table)
        self._body = 2 + table.columns.index("body")  # where a row has it
        self._position: int | None = None
        self.is_placed = asyncio.Event()  # it knows where it reads on, and will, whatever happens

    async def run(self) -> None:
        """Until cancelled, through restarts of Postgres."""
        while True:
            try:
                async with await connect(self._table, self._conninfo) as connection:
                    await self._tail(connection)
            except psycopg.OperationalError as error:
                logger.warning("lost Postgres, reconnecting", reason=str(error).strip())
                await asyncio.sleep(_RECONNECT_PAUSE_S)

    async def _tail(self, connection: psycopg.AsyncConnection) -> None:
        await connection.execute(f"LISTEN {self._table.channel}".encode())
        if self._position is None:
            cursor = await connection.execute(_newest_of(self._table).encode())
            found = await cursor.fetchone()
            self._position = int(found[0]) if found else 0
            self.is_placed.set()
        clock = asyncio.get_running_loop().time
        while True:
            read_at = clock()
            if not await self._read_page(connection, self._position):
                await _notified(connection)
                await asyncio.sleep(max(0.0, read_at + PACE_S - clock()))

    async def _read_page(self, connection: psycopg.AsyncConnection, position: int) -> bool:
        """Hand on what comes next; whether the page was full, so that there may be more."""
        followed = frozenset(self._followed())
        params = ([*followed], position, PAGE)
        cursor = await connection.execute(self._next.encode(), params, binary=True)
        rows = await cursor.fetchall()
        if not rows:
            return False
        self._position = rows[-1][0]
        for key, run in self._runs([row for row in rows if row[1] in followed]).items():
            for first_seq, encoded in run:
                self._sink(key, first_seq, encoded)
        return len(rows) == PAGE or sum(len(row[self._body]) for row in rows) >= _PAGE_BYTES

    def _runs(self, rows: list[tuple[Any, ...]]) -> Mapping[int, list[tuple[int, list[bytes]]]]:
        """Each stream's frames in runs of consecutive numbers: (first seq, frames)."""
        frame = self._table.frame
        by_key: dict[int, list[tuple[int, bytes]]] = {}
        for row in rows:
            by_key.setdefault(row[1], []).append((row[-1], frame(*row[2:])))
        runs: dict[int, list[tuple[int, list[bytes]]]] = {}
        for key, numbered in by_key.items():
            places = groupby(enumerate(numbered), key=lambda item: item[1][0] - item[0])
            for _, group in places:
                run = [entry for _, entry in group]
                runs.setdefault(key, []).append((run[0][0], [frame for _, frame in run]))
        return runs


def _newest_of(table: StreamTable) -> str:
    return f"SELECT last_seq FROM {table.counter} WHERE {table.key} = 0"  # noqa: S608 - names of ours


def _next_of(table: StreamTable) -> str:
    """Rows of position, key, the columns and `seq`. The body comes only where somebody follows the
    stream."""
    columns = (*table.columns, "seq")
    body = f"CASE WHEN {table.key} = ANY (%s::bigint[]) THEN body ELSE '' END AS body"
    place = f"{table.position} AS position"
    bodiless = (body if column == "body" else column for column in columns)
    return f"""
        SELECT position, {table.key}, {", ".join(columns)} FROM (
            SELECT *, sum(octet_length(body)) OVER (ORDER BY position) - octet_length(body)
                AS size_before
            FROM (
                SELECT {place}, {table.key}, {", ".join(bodiless)}
                FROM {table.name} WHERE {table.position} > %s ORDER BY {table.position} LIMIT %s
            ) found
        ) counted WHERE size_before < {_PAGE_BYTES} ORDER BY position
    """  # noqa: S608 - names of ours


async def _notified(connection: psycopg.AsyncConnection) -> None:
    """Wait for a notification, _LOOK_ANYWAY_S at the most."""
    async for _ in connection.notifies(timeout=_LOOK_ANYWAY_S, stop_after=1):
        pass
