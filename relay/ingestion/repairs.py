"""Repairs: accounts whose commits do not follow each other are read anew from their host.

The relay vouches for signed commits, so that is what it fetches: the newest one, which goes into
the stream as a #sync. Readers that lost the thread likewise fetch the repo themselves.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
import structlog

from protocol import car, cbor
from protocol.cid import of_dag_cbor
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from protocol.repo import commit
from relay.ingestion import upstream
from relay.ingestion.decisions import Prepared
from relay.ingestion.identities import Identities
from relay.ingestion.upstream import NoAnswer
from relay.ingestion.writer import Batch, Writer
from relay.verification import checks
from relay.verification.checks import Rejected
from repos.events.append import time_text
from server.net.http_client import Connections, RequestFailed

AT_ONCE: Final = 16
LOOK_EVERY_S: Final = 1.0
_DUE: Final = b"""
    SELECT a.id, a.did, a.host_id, h.hostname FROM relay_account a
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

    def __init__(
        self,
        connection: psycopg.AsyncConnection,
        identities: Identities,
        connections: Connections,
        writer: Writer,
    ) -> None:
        self._connection = connection
        self._identities = identities
        self._connections = connections
        self._writer = writer

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

    async def _repair(self, did: str, host_id: int, host: str) -> None:
        try:
            event = await self._fetched(did, host)
        except (NoAnswer, RequestFailed, Rejected, ValueError, LookupError) as failure:
            logger.info("a repo could not be repaired", did=did, host=host, reason=str(failure))
            return
        await self._writer.submit(Batch(host_id, [event], None))

    async def _fetched(self, did: str, host: str) -> Prepared:
        """The newest commit as a #sync, checked as one that the host sends."""
        identity = await self._identities.find(did)
        if identity is None or identity.host != host or not identity.key:
            raise NoAnswer("the account is not at this host any more")
        block = await upstream.newest_commit(self._connections, host, did)
        body = _sync(did, block)
        checked = checks.check(EventKind.SYNC, body, identity.key)
        return Prepared(EventKind.SYNC, 0, did, checked)


def _sync(did: str, block: bytes) -> bytes:
    """The #sync of a commit, as a message that came (with some `seq`)."""
    head, rev = of_dag_cbor(block), commit.parse(block).rev
    now: Any = time_text(datetime.now(UTC))
    stored = frames.sync_body(did=did, rev=rev, blocks=car.write(head, [(head, block)]), time=now)
    return stored.data[: stored.seq_at] + cbor.encode_own(1) + stored.data[stored.seq_at :]
