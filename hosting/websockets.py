"""uvicorn's WebSockets with two things more that an event stream with many readers needs.

**Batches.** `{"type": "websocket.send", "batch": [bytes, ...], "is_text": bool}` sends several
messages in one go. They are framed here (RFC 6455 section 5.2: unmasked, in one piece) and handed
to the transport without being copied, at a part of what the general way costs for each. The
application finds `BATCHES` in the scope's `extensions`.

**Readers that stop reading.** A closed transport waits until its buffer is taken, which a stalled
reader never does. So a buffer that stays full is thrown away together with its connection.
"""

import struct
from asyncio import TimerHandle, Transport
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from hosting import process_limits

BATCHES: Final = "grove.batches"
WRITE_BYTES: Final = 131_072  # handed to the transport before it is asked whether it can keep up
STALLED_S: Final = process_limits.IDLE_S

_TEXT, _BINARY = 0x81, 0x82  # the last (and only) piece of a message
_SHORT, _MEDIUM = 126, 65_536


class StreamProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    stalled_s: float = STALLED_S
    opening_s = 30.0  # for what remains of a handshake whose headers are there
    _stall: TimerHandle | None = None
    _opening: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._opening = self.loop.call_later(self.opening_s, transport.abort)

    def handle_connect(self, event: Request) -> None:
        self._forget_opening()
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["extensions"][BATCHES] = {}

    async def send(self, message: Any) -> None:
        """uvicorn's own, and batches. Raises ClientDisconnected."""
        batch = message.get("batch")
        if batch is None:
            await super().send(message)
            return
        for piece in _pieces(batch, _TEXT if message["is_text"] else _BINARY):
            await self.writable.wait()
            if self.disconnected or self.close_sent:
                raise ClientDisconnected
            self.transport.writelines(piece)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(self.stalled_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget_stall()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_stall()
        self._forget_opening()
        super().connection_lost(exc)

    def _forget_opening(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def _forget_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None


def _pieces(batch: Iterable[bytes], opcode: int) -> Iterator[list[bytes]]:
    """Framed messages in lists of about WRITE_BYTES."""
    piece: list[bytes] = []
    size = 0
    for message in batch:
        piece += (_header(opcode, len(message)), message)
        size += len(message)
        if size >= WRITE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _header(opcode: int, size: int) -> bytes:
    if size < _SHORT:
        return bytes((opcode, size))
    if size < _MEDIUM:
        return struct.pack("!BBH", opcode, 126, size)
    return struct.pack("!BBQ", opcode, 127, size)
