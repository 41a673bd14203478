"""The crawler: which hosts are read now, by whom, and when again.

A task a host. One that fails is tried again after a growing pause, `offline` from the tenth time
on; one that says that our cursor is of the future is left alone until it asks to be crawled, and
then read from its beginning. Looked at are those that wait for their turn and those that staff
changed lately (`changed_at`), not all that are read.
"""

import asyncio
import time
from functools import partial
from typing import Any, Final

import psycopg
import structlog
from websockets.exceptions import ConnectionClosed

from relay.hosts import allowances
from relay.ingestion.identities import Identities
from relay.ingestion.preparing import Preparer
from relay.ingestion.rates import Meter, Throttled
from relay.ingestion.reader import HostRow, Reader, Services, StreamEnded
from relay.ingestion.repairs import Repairs
from relay.ingestion.sockets import Refused
from relay.ingestion.writer import INSIDE_BATCH, Writer
from relay.verification.pool import VerifierPool
from server.net.http_client import Connections
from server.storage.free_space import InsufficientStorage

LOOK_EVERY_S: Final = 2.0
INSIDE_EVERY_S: Final = 0.1
INSIDE_PACE_S: Final = 0.02  # between two looks while events come
TELL_EVERY_S: Final = 1.0
USE_EVERY_S: Final = 20.0
LONGEST_PAUSE_S: Final = 3_600.0
FULL_PAUSE_S: Final = 60.0  # while the disk is nearly full
HOSTS_MAX: Final = 5_000
_DUE: Final = b"""
    SELECT id, hostname, seq, account_limit, is_trusted FROM relay_host
    WHERE inside_id IS NULL AND connected_at IS NULL AND is_crawl_wanted AND status <> 'banned'
        AND (retry_at IS NULL OR retry_at <= now())
    ORDER BY retry_at NULLS FIRST LIMIT %s
"""
_CHANGED: Final = b"""
    SELECT id, account_limit, is_trusted, status = 'banned' FROM relay_host
    WHERE changed_at > now() - interval '10 minutes'
"""
_USE: Final = b"""
    UPDATE relay_host h SET rate_use = n.rate_use
    FROM unnest(%s::bigint[], %s::int[]) AS n (id, rate_use)
    WHERE h.id = n.id AND h.rate_use <> n.rate_use
"""
_CONNECTED: Final = b"""
    UPDATE relay_host SET connected_at = now(), retry_at = NULL,
        status = CASE WHEN status = 'banned' THEN status ELSE 'active' END WHERE id = %s
"""
# Of whom none is read and nothing was counted yet.
_NOBODY: Final = b"""
    UPDATE relay_host SET connected_at = NULL, rate_use = 0
    WHERE connected_at IS NOT NULL OR rate_use <> 0
"""
_ENDED: Final = b"""
    UPDATE relay_host SET connected_at = NULL, last_error = %(why)s, failures = failures + 1,
        retry_at = now() + make_interval(secs => coalesce(
            %(pause)s, least(2.0 ^ least(failures, 20), %(longest)s))),
        seq = CASE WHEN %(is_future)s THEN 0 ELSE seq END,
        is_crawl_wanted = is_crawl_wanted AND NOT %(is_future)s,
        status = CASE WHEN status = 'banned' THEN status
            WHEN %(is_throttled)s THEN 'throttled' WHEN %(is_future)s THEN 'idle'
            WHEN failures >= 9 THEN 'offline' ELSE status END
    WHERE id = %(id)s
"""

logger = structlog.stdlib.get_logger(__name__)


class Crawler:
    """One session as the writer: from the lead to the loss of a connection."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._readers: dict[int, asyncio.Task[None]] = {}
        self._meters: dict[int, Meter] = {}
        self._told: dict[int, int] = {}  # the use of its events that each host's row has, but 0

    async def run(self, writer: Writer) -> None:
        """Read all hosts, until cancelled. Raises psycopg.Error, alone or in a group."""
        connections, pool = Connections(), VerifierPool()
        services = Services(Preparer(Identities(connections), pool), writer, connections)
        async with (
            await self._connection() as hosts,
            await self._connection() as lost,
        ):
            repairs = Repairs(lost, services)
            await hosts.execute(_NOBODY)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(writer.run())
                    group.create_task(_inside(writer))
                    group.create_task(_statuses(writer))
                    group.create_task(repairs.run())
                    group.create_task(self._look_after(hosts, services, group))
            finally:
                await pool.close()
                await connections.aclose()

    async def _connection(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, prepare_threshold=1, application_name="grove relay"
        )

    async def _look_after(
        self, hosts: psycopg.AsyncConnection, services: Services, group: asyncio.TaskGroup
    ) -> None:
        lock, told_at = asyncio.Lock(), time.monotonic()
        while True:
            async with lock:
                room = max(0, HOSTS_MAX - len(self._readers))
                due = [_host_row(*row) for row in await _rows(hosts, _DUE, (room,))]
                changed = await _rows(hosts, _CHANGED)
            for row in due:
                if row.id not in self._readers:
                    reading = group.create_task(self._read(row, hosts, lock, services))
                    self._readers[row.id] = reading
                    reading.add_done_callback(partial(self._ended, row.id))
            for host_id, limit, is_trusted, is_banned in changed:
                self._change(host_id, limit, is_trusted=is_trusted, is_banned=is_banned)
            if (now := time.monotonic()) - told_at > USE_EVERY_S:
                told_at = now
                if uses := self._changed_uses():
                    async with lock:
                        await hosts.execute(_USE, ([*uses], [*uses.values()]))
            await asyncio.sleep(LOOK_EVERY_S)

    def _changed_uses(self) -> dict[int, int]:
        """Of the hosts that have used more or less of their events than their rows say, how much.
        Meters of hosts that are not read are dropped when their day is over."""
        over = [key for key, meter in self._meters.items() if meter.is_over()]
        for key in set(over).difference(self._readers):
            del self._meters[key]
        uses = {key: meter.use_percent() for key, meter in self._meters.items()}
        known = {**dict.fromkeys(self._told, 0), **uses}
        changed = {key: use for key, use in known.items() if use != self._told.get(key, 0)}
        self._told = {key: use for key, use in uses.items() if use}
        return changed

    def _change(self, host_id: int, limit: int, *, is_trusted: bool, is_banned: bool) -> None:
        """Hang up on a host that is banned; count another by what it may do from now on."""
        if host_id in self._meters:
            self._meters[host_id].allow(allowances.rates(limit, is_trusted=is_trusted))
        if is_banned and host_id in self._readers:
            self._readers[host_id].cancel()

    def _ended(self, host_id: int, _reading: asyncio.Task[None]) -> None:
        del self._readers[host_id]

    async def _read(
        self,
        row: HostRow,
        hosts: psycopg.AsyncConnection,
        lock: asyncio.Lock,
        services: Services,
    ) -> None:
        """One connection to a host, and the note of how it ended."""
        async with lock:
            await hosts.execute(_CONNECTED, (row.id,))
        pause, why = None, "the host ended its stream"
        is_future = is_throttled = False
        try:
            await Reader(row, self._meter(row), services).run()
        except Throttled as throttled:
            pause, why, is_throttled = throttled.for_s, str(throttled), True
        except InsufficientStorage:
            pause, why = FULL_PAUSE_S, "the relay's own disk is nearly full"
        except StreamEnded as ended:
            why = f"StreamEnded: {ended}"[:300].replace("\0", "")
            is_future = ended.error == "FutureCursor"
        except (Refused, ConnectionClosed, OSError) as failure:
            why = f"{type(failure).__name__}: {failure}"[:300].replace("\0", "")
        except psycopg.Error:
            raise
        except Exception as fault:  # what one host sends must not end what others do
            logger.exception("a host could not be read", host=row.name)
            why = type(fault).__name__
        logger.info("a host's stream ended", host=row.name, reason=why)
        about = {"id": row.id, "why": why, "pause": pause, "longest": LONGEST_PAUSE_S}
        about |= {"is_future": is_future, "is_throttled": is_throttled}
        async with lock:
            await hosts.execute(_ENDED, about)

    def _meter(self, row: HostRow) -> Meter:
        """The host's meter, which outlives its connections."""
        meter = self._meters.setdefault(row.id, Meter(row.rates))
        meter.allow(row.rates)
        return meter


async def _inside(writer: Writer) -> None:
    """Our own hosts' events, as they are numbered."""
    while True:
        taken = await writer.take_inside()
        if taken < INSIDE_BATCH:
            await asyncio.sleep(INSIDE_PACE_S if taken else INSIDE_EVERY_S)


async def _statuses(writer: Writer) -> None:
    while True:
        await writer.tell_statuses()
        await asyncio.sleep(TELL_EVERY_S)


def _host_row(
    host_id: int, name: str, seq: int | None, account_limit: int, is_trusted: bool
) -> HostRow:
    return HostRow(host_id, name, seq, allowances.rates(account_limit, is_trusted=is_trusted))


async def _rows(
    connection: psycopg.AsyncConnection, sql: bytes, params: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(sql, params)
    return await cursor.fetchall()
