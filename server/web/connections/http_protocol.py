"""HTTP/1.1 connections: the limits that uvicorn's protocol lacks.

**Heads.** The parser collects a request line and headers of any size, at a quadratic cost, so bytes
are counted before it sees them: those since it last had anything to tell (the end of a head, a
piece of a body, the end of a message). That counts request lines, headers, trailers and extensions
of chunks alike. Source: RFC 6585 section 5.

**Time.** Whoever connects has to say what for: a head that never ends, or a body that goes on after
its answer, would keep a connection for ever. Whoever asks has to take the answer
(server.web.connections.slow_clients).

**Connections** are counted by network before anything is read
(server.web.connections.network_connections), and handshakes that would be refused are refused
before another parser is set up for them.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import get_remote_addr

from server.web.bodies.file_parts import FILE
from server.web.bodies.streams import WHOLE
from server.web.connections.network_connections import NetworkConnections
from server.web.connections.request_cycle import Cycle, UnchunkedCycle
from server.web.connections.slow_clients import STALLED_S, SlowClientGuard
from server.web.process_limits import HEAD_BYTES, HEAD_S, HEADERS

HANDSHAKE_LINE_MAX_BYTES = 8_000  # websockets takes 8,192, line feed and all
CHUNKS_FREE = 1_000  # of a body, of whatever size; beyond them
CHUNK_MIN_BYTES = 64  # on the average: each is work, if it holds a single byte
PIPELINED_MAX = 64  # requests that wait for the answer to another one of their connection
IGNORED_MAX_BYTES = 1_048_576  # of what a client still sends when it was refused
IGNORING_S = 2.0
_EXTENSIONS: Final[Any] = MappingProxyType(dict.fromkeys((FILE, WHOLE), MappingProxyType({})))
# At once, but for a body whose end is known: a head that begins behind one whose end is not is
# counted from the next piece on.
_FED_BYTES = 32_768


class TooLarge(Exception):
    """More headers than anybody sends."""


class TooSmall(Exception):
    """A body in pieces so small that their frames are most of it."""


class UnexpectedBody(Exception):
    """A WebSocket handshake with a body: its end would never be seen."""


class TooMany(Exception):
    """More requests than anybody sends before the first answer."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with limits for heads, and for how long they and answers may take."""

    headers_s: float = HEAD_S  # from connecting, or a request's first byte, to the headers' end
    stalled_s: float = STALLED_S
    per_network = NetworkConnections(0, 0)
    _peer: str | None = None  # that was admitted
    _due: asyncio.TimerHandle | None = None
    _guard: SlowClientGuard
    _is_in_head = False
    _is_in_body = False
    _is_too_large = False
    _untold_bytes = 0  # that the parser took without a word
    _declared_bytes = 0  # of the body that the head announces
    _body_left = 0  # of it
    _header_count = 0
    _chunks_left = 0.0
    _ignored_bytes: int | None = None  # since a refusal
    _running: Cycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer = get_remote_addr(transport)
        address = peer[0] if peer else ""
        if not self.per_network.admit(address):
            self.transport = transport
            transport.abort()
            return
        super().connection_made(transport)
        self._peer = address
        self._guard = SlowClientGuard(self.loop, transport, self.stalled_s)
        self._hang_up_after(self.headers_s)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._peer is None:  # turned away
            return
        self._leave()
        self._stop_waiting()
        self._guard.end()
        super().connection_lost(exc)
        # uvicorn tells the last of several requests only, which waits for the answer to this one
        if self._running is not None:
            self._running.lost()

    def data_received(self, data: bytes) -> None:
        """Feed the parser as much as a head may have, and no more."""
        if self._ignored_bytes is not None:
            self._ignore(len(data))
            return
        at, view = 0, memoryview(data)
        while at < len(data) and self._is_listening():
            room = HEAD_BYTES - self._untold_bytes
            if room <= 0:
                self._is_too_large = True
                self.send_400_response("The request line and headers are too large")
                return
            piece = view[at : at + (self._body_left or min(room, _FED_BYTES))]
            at += len(piece)
            self._untold_bytes += len(piece)
            super().data_received(piece)  # type: ignore[arg-type] # its parser takes any buffer
        # Only now: most requests come whole, and need no timer.
        if not (self._is_in_body or self._is_answering()) and self._is_listening():
            self._hang_up_after(self.headers_s)

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED_MAX:
            raise TooMany
        self._is_in_head = True
        self._header_count, self._chunks_left, self._declared_bytes = 0, CHUNKS_FREE, 0
        super().on_message_begin()
        self.scope["extensions"] = _EXTENSIONS

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_count += 1
        if self._header_count > HEADERS:
            self._is_too_large = True
            raise TooLarge
        if self._is_in_head:  # trailers are nobody's concern here
            lower = name.lower()
            if lower == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            elif lower == b"content-length" and value.isdigit():
                self._declared_bytes = int(value)
            self.headers.append((lower, value))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and self._should_upgrade() and self._announces_body():
            raise UnexpectedBody
        self._stop_waiting()
        self._is_in_head, self._is_in_body, self._untold_bytes = False, True, 0
        self._body_left = self._declared_bytes
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """A piece of a body begins, or its end."""
        self._chunks_left -= 1
        if self._chunks_left < 0:
            raise TooSmall

    def on_body(self, body: bytes) -> None:
        self._chunks_left += len(body) / CHUNK_MIN_BYTES
        self._untold_bytes = 0
        self._body_left = max(0, self._body_left - len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_body, self._untold_bytes, self._body_left = False, 0, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._hang_up_after(self.stalled_s)  # what is on its way has to be taken
        elif (self._is_in_body or self._is_in_head) and not self._is_answering():
            self._hang_up_after(self.headers_s)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, where no answer to anything else is on its way."""
        if self.pipeline or (self._is_answering() and self.cycle.response_started):
            self.transport.abort()
            return
        status = HTTPStatus.BAD_REQUEST
        if self._is_too_large:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            msg = "The request line and headers are too large, or too many"
        self.transport.write(_refusal(status, msg))
        self.transport.write_eof()
        # Closed with bytes unread, the connection would be reset, and the answer be lost with it.
        self._ignored_bytes = 0
        self._stop_waiting()
        self._hang_up_after(IGNORING_S)

    def handle_websocket_upgrade(self) -> None:
        """Hand a handshake on, unless its lines are longer than what reads it takes."""
        longest = max(len(name) + len(value) for name, value in self.headers)
        if max(longest, len(self.url)) > HANDSHAKE_LINE_MAX_BYTES:
            self._is_too_large = True
            self.send_400_response("")
        elif refused := self._refused_handshake():
            self.transport.write(refused)
            self.transport.close()
        else:
            super().handle_websocket_upgrade()
            protocol: Any = self.transport.get_protocol()
            protocol.leave = self._leave

    def pause_writing(self) -> None:
        super().pause_writing()
        self._guard.begin()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._guard.end()

    def timeout_keep_alive_handler(self) -> None:
        self._hang_up()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.__class__ = Cycle
        if cycle.scope["http_version"] != "1.1":
            cycle.__class__, cycle.keep_alive = UnchunkedCycle, False
        assert isinstance(cycle, Cycle)  # noqa: S101 - it is one of ours now
        cycle.stalled_s = self.stalled_s
        cycle.body = cycle.body or b""  # type: ignore[assignment] # see Cycle.receive
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _announces_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" 0"))
            for name, value in self.headers
        )

    def _refused_handshake(self) -> bytes:
        """The answer to one that the application would refuse, if it can tell by the head alone."""
        refusal_of = getattr(self.app, "refusal_of", None)
        path = self.url.partition(b"?")[0].decode("latin-1")
        scope = {**self.scope, "type": "websocket", "path": path}
        refused: Any = refusal_of(scope) if refusal_of else None  # a RateLimitExceeded
        if refused is None:
            return b""
        status = HTTPStatus(refused.status)
        return _refusal(status, refused.message, refused.name, refused.headers)

    def _leave(self) -> None:
        assert self._peer is not None  # noqa: S101 - it was admitted
        self.per_network.leave(self._peer)

    def _is_listening(self) -> bool:
        is_refused = self._ignored_bytes is not None or self.transport.is_closing()
        return not is_refused and self.transport.get_protocol() is self

    def _ignore(self, size: int) -> None:
        self._ignored_bytes = (self._ignored_bytes or 0) + size
        if self._ignored_bytes > IGNORED_MAX_BYTES:
            self._hang_up()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _hang_up_after(self, seconds: float) -> None:
        if self._due is None:
            self._due = self.loop.call_later(seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _hang_up(self) -> None:
        self._due = None
        if self.transport.get_write_buffer_size():  # a closed transport would wait for its reader
            self.transport.abort()
        elif not self.transport.is_closing():
            self.transport.close()


def _refusal(
    status: HTTPStatus,
    message: str,
    name: str = "InvalidRequest",
    more: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    body = orjson.dumps({"error": name, "message": message})
    about = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **more,
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *map(": ".join, about.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
