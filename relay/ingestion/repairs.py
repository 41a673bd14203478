"""Repairs: accounts whose commits do not follow each other are read anew from their host.

The relay vouches for signed commits, so that is what it fetches: the newest one, which goes into
the stream as a #sync. Readers that lost the thread likewise fetch the repo themselves.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final

import psycopg
import structlog

from protocol import car
from protocol.cid import of_dag_cbor
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from protocol.repo import commit
from relay.ingestion import upstream
from relay.ingestion.reader import Services
from relay.ingestion.upstream import NoAnswer
from relay.ingestion.writer import Batch
from relay.verification import envelope
from relay.verification.checks import Rejected
from relay.verification.envelope import Envelope
from repos.events.append import time_text
from server.net.http_client import RequestFailed

AT_ONCE: Final = 16
LOOK_EVERY_S: Final = 1.0
_DUE: Final = b"""
    SELECT a.id, a.did, a.host_id, h.hostname, a.desynchronized_at FROM relay_account a
    JOIN relay_host h ON h.id = a.host_id AND h.inside_id IS NULL AND h.status <> 'banned'
    WHERE a.desynchronized_at IS NOT NULL AND a.repair_after <= now()
    ORDER BY a.repair_after LIMIT %s
"""
# Claimed for a while: whatever becomes of it, the next try is later.
_CLAIM: Final = b"""
    UPDATE relay_account SET repair_failures = least(repair_failures + 1, 12),
        repair_after = now() + interval '5 seconds' * 2 ^ least(repair_failures, 12)
    WHERE id = ANY (%s)
"""

logger = structlog.stdlib.get_logger(__name__)


class Repairs:
    """Belongs to one event loop."""

    def __init__(self, connection: psycopg.AsyncConnection, services: Services) -> None:
        self._connection = connection
        self._services = services

    async def run(self) -> None:
        """Repair what is due, until cancelled. Raises psycopg.Error."""
        while True:
            if await self.repair_due() < AT_ONCE:
                await asyncio.sleep(LOOK_EVERY_S)

    async def repair_due(self) -> int:
        """One round; how many were tried. Raises psycopg.Error."""
        cursor = await self._connection.execute(_DUE, (AT_ONCE,))
        due = await cursor.fetchall()
        if due:
            await self._connection.execute(_CLAIM, ([row[0] for row in due],))
            await asyncio.gather(*(self._repair(*row[1:]) for row in due))
        return len(due)

    async def _repair(self, did: str, host_id: int, host: str, lost_at: datetime) -> None:
        try:
            block = await upstream.newest_commit(self._services.connections, host, did)
            (event,) = await self._services.preparer.prepare(host, [_sync(did, block)])
        except (NoAnswer, RequestFailed, ValueError, LookupError, OSError, EOFError) as failure:
            logger.info("a repo could not be repaired", did=did, host=host, reason=str(failure))
            return
        if isinstance(event.outcome, Rejected):
            reason = str(event.outcome.reason)
            logger.info("a repo could not be repaired", did=did, host=host, reason=reason)
            return
        event.lost_at = lost_at
        await self._services.writer.submit(Batch(host_id, [event], None))


def _sync(did: str, block: bytes) -> Envelope:
    """The #sync of a commit, as a message that came (with some `seq`). Raises ValueError."""
    head, rev = of_dag_cbor(block), commit.parse(block).rev
    now = time_text(datetime.now(UTC))
    stored = frames.sync_body(did=did, rev=rev, blocks=car.write(head, [(head, block)]), time=now)
    found = envelope.read(frames.frame(EventKind.SYNC, stored.data, stored.seq_at, 1))
    assert found is not None  # noqa: S101 - a #sync is an event
    return found
