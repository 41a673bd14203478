"""The tailer: one task a process that reads numbered events as they come and fills the rings.

It is woken by the sequencer's NOTIFY, once a batch, and looks twice a second in any case, so that a
lost notification costs time and nothing else. Its place is the platform's `position`: the order in
which events of all hosts were numbered.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, Protocol

import psycopg
import structlog

from protocol.event_stream import frames

_PAGE = 500
_PAGE_BYTES = 8 * 1_048_576  # a page ends with the event that fills it
# After a quiet moment events are read at once, under load this often: what is read together goes
# to each consumer in one write, and writes are most of what a delivery costs.
_PACE_S = 0.01
_LOOK_ANYWAY_S = 0.5
_RECONNECT_PAUSE_S = 0.25

_NEWEST = "SELECT last_seq FROM event_counter WHERE host_id = 0"  # 0: the platform's position
# The body comes only where somebody follows the host.
_NEXT = f"""
    SELECT position, host_id, seq, kind, body, seq_at FROM (
        SELECT position, host_id, seq, kind, body, seq_at,
            sum(octet_length(body)) OVER (ORDER BY position) - octet_length(body) AS size_before
        FROM (
            SELECT position, host_id, seq, kind, seq_at,
                CASE WHEN host_id = ANY (%s::bigint[]) THEN body ELSE '' END AS body
            FROM event WHERE position > %s ORDER BY position LIMIT %s
        ) found
    ) counted WHERE size_before < {_PAGE_BYTES} ORDER BY position
"""  # noqa: S608 - constants only

logger = structlog.stdlib.get_logger(__name__)


class Sink(Protocol):
    """Takes one host's frames, numbered without gaps from `first_seq` on."""

    def __call__(self, host_id: int, first_seq: int, frames: list[bytes]) -> None: ...


class Tailer:
    """Reads on from where it began; what happened before is the table's business."""

    def __init__(self, conninfo: str, sink: Sink, followed: Callable[[], Iterable[int]]) -> None:
        """`followed` says which hosts' events the sink has a use for; a host that it names only
        while a page is on its way begins with the page after."""
        self._conninfo = conninfo
        self._sink = sink
        self._followed = followed
        self._position: int | None = None
        self.is_placed = asyncio.Event()  # it knows where it reads on, and will, whatever happens

    async def run(self) -> None:
        """Until cancelled, through restarts of Postgres."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo,
                    autocommit=True,
                    prepare_threshold=1,
                    application_name="grove firehose",
                ) as connection:
                    await self._tail(connection)
            except psycopg.OperationalError as error:
                logger.warning("lost Postgres, reconnecting", reason=str(error).strip())
                await asyncio.sleep(_RECONNECT_PAUSE_S)

    async def _tail(self, connection: psycopg.AsyncConnection) -> None:
        await connection.execute("LISTEN firehose")
        if self._position is None:
            cursor = await connection.execute(_NEWEST)
            found = await cursor.fetchone()
            self._position = int(found[0]) if found else 0
            self.is_placed.set()
        clock = asyncio.get_running_loop().time
        while True:
            read_at = clock()
            if not await self._read_page(connection, self._position):
                await _notified(connection)
                await asyncio.sleep(max(0.0, read_at + _PACE_S - clock()))

    async def _read_page(self, connection: psycopg.AsyncConnection, position: int) -> bool:
        """Hand on what comes next; whether the page was full, so that there may be more."""
        followed = frozenset(self._followed())
        cursor = await connection.execute(_NEXT, ([*followed], position, _PAGE), binary=True)
        rows = await cursor.fetchall()
        if not rows:
            return False
        self._position = rows[-1][0]
        for host_id, run in _runs([row for row in rows if row[1] in followed]).items():
            for first_seq, encoded in run:
                self._sink(host_id, first_seq, encoded)
        return len(rows) == _PAGE or sum(len(row[4]) for row in rows) >= _PAGE_BYTES


async def _notified(connection: psycopg.AsyncConnection) -> None:
    """Wait for the sequencer's notification, _LOOK_ANYWAY_S at the most."""
    async for _ in connection.notifies(timeout=_LOOK_ANYWAY_S, stop_after=1):
        pass


def _runs(rows: list[tuple[Any, ...]]) -> Mapping[int, list[tuple[int, list[bytes]]]]:
    """Each host's frames in runs of consecutive numbers: (first seq, frames)."""
    by_host: dict[int, list[tuple[int, bytes]]] = {}
    for _, host_id, seq, kind, body, seq_at in rows:
        by_host.setdefault(host_id, []).append((seq, frames.frame(kind, body, seq_at, seq)))
    runs: dict[int, list[tuple[int, list[bytes]]]] = {}
    for host_id, numbered in by_host.items():
        places = groupby(enumerate(numbered), key=lambda item: item[1][0] - item[0])
        for _, group in places:
            run = [entry for _, entry in group]
            runs.setdefault(host_id, []).append((run[0][0], [frame for _, frame in run]))
    return runs
