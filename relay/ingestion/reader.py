"""Reads one host: from its socket into batches, prepared while the one before is written.

Order is kept: of a host one batch is written at a time, and its events are decided in their order.
What has arrived is bounded by count and by bytes; a host that sends more waits in its own socket.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection

from protocol.event_stream.frames import EventKind
from relay.hosts.allowances import Rates
from relay.ingestion import sockets, upstream
from relay.ingestion.decisions import Prepared, asked_again
from relay.ingestion.identities import AT_ONCE
from relay.ingestion.preparing import SHARE, Preparer
from relay.ingestion.rates import Meter
from relay.ingestion.writer import Batch, Writer
from relay.verification import envelope
from relay.verification.checks import Rejected
from relay.verification.envelope import Envelope, NotAnEvent
from relay.verification.reasons import Reason
from server.net.http_client import Connections, RequestFailed
from server.storage import free_space

BATCH: Final = 500
ARRIVED_BYTES: Final = 4_000_000
EVENT_BYTES: Final = 10_000  # of which a second's worth may have arrived, if that is less
FRAMES: Final = 4  # in a socket's own queue, if a second has fifty times as many
WEIGHT_BYTES: Final = 20_000
NONSENSE_MAX: Final = 100  # messages that are none, of one connection
ASKED_MAX: Final = 20  # accounts of a batch whose status is asked


@dataclass(frozen=True, slots=True)
class HostRow:
    """A host to read, as it is stored."""

    id: int
    name: str
    cursor: int | None
    rates: Rates


class StreamEnded(Exception):
    """The host ended its stream with an error: its name."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Services:
    """What all readers share."""

    preparer: Preparer
    writer: Writer
    connections: Connections


class Reader:
    """One connection to one host; `seq` is the last event that is done with."""

    def __init__(self, host: HostRow, meter: Meter, services: Services) -> None:
        self._host = host
        self._meter = meter
        self._services = services
        self._arrived = _Arrived(min(ARRIVED_BYTES, host.rates.per_second * EVENT_BYTES))
        self._last_seq = host.cursor or 0
        self._nonsense = 0

    async def run(self) -> None:
        """Read until the socket ends. Raises Refused, StreamEnded, Throttled, OSError,
        ConnectionClosed, InsufficientStorage, psycopg.Error."""
        frames = max(1, min(FRAMES, self._host.rates.per_second // 50))
        async with sockets.opened(self._host.name, self._host.cursor, frames) as socket:
            receiving = asyncio.create_task(self._receive(socket))
            try:
                await self._process()
                await receiving
            finally:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)

    async def _receive(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                await self._arrived.put(message if isinstance(message, bytes) else b"")
        finally:
            self._arrived.end()

    async def _process(self) -> None:
        most = min(BATCH, self._host.rates.per_second)
        writing = asyncio.create_task(asyncio.sleep(0))
        try:
            while messages := await self._arrived.take(most):
                free_space.check()  # what others say is the first to be left out
                batch = await self._prepared(messages)
                await writing
                writing = asyncio.create_task(self._write(batch))
                await self._meter.admit(sum(map(_weight, messages)))
            await writing
        finally:
            writing.cancel()

    async def _prepared(self, messages: list[bytes]) -> Batch:
        events = [read for message in messages if (read := self._read(message)) is not None]
        sound = [e for e in events if isinstance(e, Envelope)]
        share = min(max(SHARE, self._host.rates.per_second // 50), AT_ONCE // 4)
        prepared = iter(await self._services.preparer.prepare(self._host.name, sound, share))
        both = [next(prepared) if isinstance(e, Envelope) else e for e in events]
        return Batch(self._host.id, both, self._last_seq or None)

    def _read(self, message: bytes) -> Envelope | Prepared | None:
        """A message's envelope, or what is counted in its place. Raises StreamEnded."""
        try:
            found = envelope.read(message)
        except NotAnEvent as fault:
            if fault.error:
                raise StreamEnded(fault.error) from fault
            self._nonsense += 1
            if self._nonsense > NONSENSE_MAX:
                raise StreamEnded("too many messages that are none") from fault
            return _refused(EventKind.IDENTITY, 0, "", Reason.MALFORMED, str(fault))
        if found is None:
            return None
        if found.seq <= self._last_seq:
            return _refused(found.kind, self._last_seq, found.did, Reason.REPLAYED, str(found.seq))
        self._last_seq = found.seq
        return found

    async def _write(self, batch: Batch) -> None:
        await self._services.writer.submit(batch)
        if batch.unsure:
            await self._ask_and_write(batch)

    async def _ask_and_write(self, batch: Batch) -> None:
        """Some accounts were called inactive or were elsewhere: hear of both, then decide once
        more."""
        dids = dict.fromkeys(event.did for event, _ in batch.unsure)
        elsewhere = {event.did for event, host_id in batch.unsure if host_id != self._host.id}
        here = await self._services.preparer.are_at(self._host.name, elsewhere)
        active = {did for did in list(dids)[:ASKED_MAX] if await self._is_active(did)}
        again = [
            asked_again(e, at if e.did in here else None, is_active_there=e.did in active)
            for e, at in batch.unsure
        ]
        rest = Batch(batch.host_id, again, batch.last_seq, is_asked=True)
        await self._services.writer.submit(rest)

    async def _is_active(self, did: str) -> bool:
        try:
            return await upstream.is_active(self._services.connections, self._host.name, did)
        except (upstream.NoAnswer, RequestFailed):
            return False


class _Arrived:
    """Messages that arrived and wait, few enough; belongs to one event loop."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._messages: deque[bytes] = deque()
        self._bytes = 0
        self._has_ended = False
        self._changed = asyncio.Event()

    async def put(self, message: bytes) -> None:
        """Add one, once there is room."""
        while self._bytes > self._most_bytes or len(self._messages) > BATCH * 2:
            await self._wait()
        self._messages.append(message)
        self._bytes += len(message)
        self._changed.set()

    async def take(self, most: int) -> list[bytes]:
        """What is there, up to the message that makes it weigh `most`; [] when nothing comes any
        more."""
        while not self._messages and not self._has_ended:
            await self._wait()
        taken: list[bytes] = []
        weight = 0
        while self._messages and weight < most:
            taken.append(self._messages.popleft())
            weight += _weight(taken[-1])
        self._bytes -= sum(map(len, taken))
        self._changed.set()
        return taken

    def end(self) -> None:
        """Nothing comes any more."""
        self._has_ended = True
        self._changed.set()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()


def _weight(message: bytes) -> int:
    """As how many events it counts: what is large takes as long to check as many."""
    return 1 + len(message) // WEIGHT_BYTES


def _refused(kind: EventKind, seq: int, did: str, reason: Reason, detail: str) -> Prepared:
    return Prepared(kind, seq, did, Rejected(reason, detail))
