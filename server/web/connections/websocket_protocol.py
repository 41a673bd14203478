"""WebSocket connections: uvicorn's, with three things more for event streams.

**Batches.** `{"type": "websocket.send", "batch": [bytes, ...], "is_text": bool}` sends several
messages in one go. They are framed here (RFC 6455 section 5.2: unmasked, in one piece) and handed
to the transport without being copied, at a part of what the general way costs for each. The
application finds `BATCHES` in the scope's `extensions`.

**Readers that stop reading.** A closed transport waits until its buffer is taken, which a stalled
reader never does. So a buffer that stays full is thrown away together with its connection.

**Readers that talk.** They have nothing to say but pongs and a close. A frame of six bytes costs as
much as a large one, and a ping asks for an answer besides: so bytes are counted before they are
parsed, and whoever sends more than HEARD_BYTES_PER_S is cut off. An application that
has something to hear says how much at once: `{"type": "websocket.hear", "bytes": int}`.
"""

import struct
from asyncio import TimerHandle, Transport
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from server.web import process_limits

BATCHES: Final = "grove.batches"
HEAR: Final = "websocket.hear"
WRITE_BYTES: Final = 131_072  # handed to the transport before it is asked whether it can keep up
STALLED_S: Final = process_limits.IDLE_S
HEARD_BYTES: Final = 8_192  # at once, and so many a second for as long as it goes on:
HEARD_BYTES_PER_S: Final = 512

_TEXT, _BINARY = 0x81, 0x82  # the last (and only) piece of a message
_SHORT, _MEDIUM = 126, 65_536


class StreamProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    stalled_s: float = STALLED_S
    opening_s = 30.0  # for what remains of a handshake whose headers are there
    _stall: TimerHandle | None = None
    _opening: TimerHandle | None = None
    leave: Callable[[], None] | None = None  # called when the connection is gone
    heard_bytes = HEARD_BYTES  # that a reader may send at once
    _heard_bytes = 0.0
    _heard_at = 0.0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._opening = self.loop.call_later(self.opening_s, transport.abort)

    def handle_connect(self, event: Request) -> None:
        self._forget_opening()
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["extensions"][BATCHES] = {}

    def data_received(self, data: bytes) -> None:
        """Parse what a reader says, unless it says too much. The handshake was measured before."""
        if self.handshake_initiated and self._is_too_much(len(data)):
            self.transport.abort()
        else:
            super().data_received(data)

    async def send(self, message: Any) -> None:
        """uvicorn's own, and batches. Raises ClientDisconnected."""
        if message["type"] == HEAR:
            self.heard_bytes = message["bytes"]
            return
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
        if self.leave is not None:
            self.leave()
        super().connection_lost(exc)

    def _is_too_much(self, size: int) -> bool:
        now = self.loop.time()
        forgotten = (now - self._heard_at) * HEARD_BYTES_PER_S
        self._heard_bytes = max(0.0, self._heard_bytes - forgotten) + size
        self._heard_at = now
        return self._heard_bytes > self.heard_bytes

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
