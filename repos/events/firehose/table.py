"""The event table: numbered events, for the tailer and for consumers that are behind.

One asynchronous connection a process, opened when it is needed and again after Postgres was away.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import psycopg

from protocol.event_stream import frames

# A page ends with the event that fills it: two hundred of the largest would be half a gigabyte,
# and a consumer that has stopped reading holds two pages until it is cut off.
PAGE_BYTES = 524_288
_PAGE = f"""
    SELECT seq, kind, body, seq_at FROM (
        SELECT seq, kind, body, seq_at, sum(octet_length(body)) OVER (ORDER BY seq) AS size
        FROM (
            SELECT seq, kind, body, seq_at FROM event
            WHERE host_id = %s AND seq > %s ORDER BY seq LIMIT %s
        ) found
    ) counted WHERE size - octet_length(body) < {PAGE_BYTES} ORDER BY seq
"""  # noqa: S608 - constants only
_ENDS = "SELECT last_seq, dropped_seq FROM event_counter WHERE host_id = %s"
# For the next round of repos.events.crawl_requests.
_WANT_CRAWLS = "UPDATE crawl_ping SET is_wanted = true WHERE host_id = ANY (%s) RETURNING id"
# libpq reads as much at once as its buffer holds: 16 kB, until a longer value has made it grow for
# good. With room for much of a page, its arrival wakes the event loop a few times and not thirty.
_WIDEN = f"SELECT repeat('x', {PAGE_BYTES // 2})"
_TRIES = 20
_PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Page:
    """Events of a host in order, ready to send; at least one."""

    first_seq: int
    last_seq: int
    frames: list[bytes]


class EventTable:
    """Pages of one host's events."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection | None = None
        self._lock = asyncio.Lock()

    async def page(self, host_id: int, after: int, limit: int) -> Page | None:
        """Up to `limit` events with a `seq` beyond `after`, in order; None when none are."""
        rows = await self._rows(_PAGE, (host_id, after, limit))
        if not rows:
            return None
        encoded = [frames.frame(kind, body, seq_at, seq) for seq, kind, body, seq_at in rows]
        return Page(rows[0][0], rows[-1][0], encoded)

    async def ends(self, host_id: int) -> tuple[int, int]:
        """The last number given out and the last that retention took, 0 when there is none."""
        rows = await self._rows(_ENDS, (host_id,))
        return rows[0] if rows else (0, 0)

    async def want_crawls(self, host_ids: list[int]) -> None:
        """Have the relays asked to come back to these hosts."""
        await self._rows(_WANT_CRAWLS, (host_ids,))

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _rows(self, sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
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

    async def _connected(self) -> psycopg.AsyncConnection:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._conninfo,
                autocommit=True,
                prepare_threshold=1,
                application_name="grove firehose",
            )
            await self._connection.execute(_WIDEN.encode())
        return self._connection
