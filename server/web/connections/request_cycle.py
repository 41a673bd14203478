"""One request and response of a connection: uvicorn's cycle, with an unmistakable end.

**Files.** A body may be a part of a file, which the kernel sends (server.web.bodies.file_parts).

**Older clients.** Before HTTP/1.1 nobody knows chunks (RFC 9112 section 6.1): an answer of unknown
length ends with the connection.
"""

import socket
import struct
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from server.web.bodies.file_parts import FILE, FileTooShort
from server.web.bodies.streams import WHOLE, ResponseAborted
from server.web.connections.file_sending import FileSender
from server.web.connections.slow_clients import STALLED_S

_AT_ONCE = struct.pack("ii", 1, 0)


class Cycle(RequestResponseCycle):
    """One request and its answer. An answer that breaks off takes its connection along at once."""

    stalled_s: float = STALLED_S
    _sender: FileSender | None = None

    async def run_asgi(self, app: Any) -> None:
        try:
            await app(self.scope, self.receive, self.send)
        except ResponseAborted:
            self._break_off()
        except BaseException:
            self.logger.exception("Exception in ASGI application")
        if self.response_started and not self.response_complete and not self.disconnected:
            self._break_off()
        elif not self.response_started and not self.disconnected:
            await self.send_500_response()
        self.on_response = _nothing

    async def receive(self) -> Any:
        """uvicorn's own; what comes next is taken as it is, where uvicorn copies it twice."""
        message = await super().receive()
        self.body = b""  # type: ignore[assignment] # it is only added to, and read whole
        return message

    async def send(self, message: Any) -> None:
        """uvicorn's own, for as long as the connection is there: it may have been cut just now."""
        if self.transport.is_closing():
            self.disconnected = True
        kind = message["type"]
        if kind == WHOLE:
            await self._send_whole(message["status"], message["head"], message["body"])
        elif kind == FILE:
            await self._send_file(message)
        else:
            await super().send(message)

    async def _send_whole(self, status: int, head: bytes, body: bytes) -> None:
        """As uvicorn's, for lines that nobody has to look at any more."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        lines = [b"%b: %b\r\n" % header for header in self.default_headers]
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        self.transport.write(b"".join([STATUS_LINE[status], *lines, head, b"\r\n", body]))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    async def _send_file(self, message: Any) -> None:
        """The rest of the body, which ends with it. Raises ResponseAborted."""
        if self.disconnected:
            return
        self._sender = FileSender(self.transport, message["part"])
        try:
            await self._sender.send(
                message["run"], message["count"], message["wait"], self.stalled_s
            )
        except FileTooShort:
            raise ResponseAborted from None
        except OSError:  # as with bytes: nobody hears of a client that has gone
            self.disconnected = True
            self.transport.abort()
        else:
            self.expected_content_length = 0
            await super().send({"type": "http.response.body", "body": b"", "more_body": False})

    def lost(self) -> None:
        """The connection is gone."""
        self.disconnected = True
        self.message_event.set()
        if self._sender is not None:
            self._sender.wake()

    def _break_off(self) -> None:
        self.disconnected = True
        self.transport.close()


class UnchunkedCycle(Cycle):
    """One whose client knows no chunks."""

    _is_open_ended = False

    def _break_off(self) -> None:
        """A reset: an orderly end would be the end of the answer."""
        self.disconnected = True
        connection = self.transport.get_extra_info("socket")
        if connection is not None and connection.fileno() >= 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            if all(name.lower() != b"content-length" for name, _ in message.get("headers", ())):
                self._is_open_ended = True
                self.chunked_encoding = False
        elif self._is_open_ended:
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)


def _nothing() -> None:
    """What follows an answer that has ended."""
