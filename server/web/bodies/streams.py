"""Body streams: a request's body read in, its response written out.

A thread runs the application and reads pieces of long answers; it never waits for the client. That
is the event loop's part, one message at a time, so memory stays constant however long a body is,
and whoever is slower sets the pace. How slowly answers may be taken is
up to server.web.connections.slow_clients.
"""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from server.web.bodies.chunks import (
    HELD_MAX_BYTES,
    PIECE_BYTES,
    PIECE_MAX_BYTES,
    BodyReader,
    spilled,
)
from server.web.bodies.file_parts import FILE, FilePart
from server.web.process_limits import IDLE_S, SLOWEST_UPLOAD_BYTES_PER_S

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[str, str]]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

WITHOUT_BODY = frozenset({204, 304})  # RFC 9110 section 6.4.1
# An ASGI extension of this server: a message of this type is a whole answer, written by one system
# call. `head` are its header lines, ready to be sent, Content-Length among them; `body` may be
# empty.
WHOLE: Final = "http.response.whole"
WHOLE_MAX_BYTES: Final = 65_536  # it is copied behind its head


class ClientDisconnected(ConnectionResetError):
    """The client went away, or stood still for longer than IDLE_S."""


class ResponseAborted(Exception):
    """The answer has begun and cannot go on: the connection has to end with it."""


class ChunkedBody(io.RawIOBase):
    """`wsgi.input` of a long body. A thread can read what has come already; the rest is read on the
    event loop (`remaining`), because a thread must not wait for a client."""

    def __init__(self, receive: Receive, ahead: bytes) -> None:
        super().__init__()
        self._receive = receive
        self._held = memoryview(ahead)
        self._rate = MinimumUploadRate(len(ahead))
        self.has_ended = False
        self.ended = asyncio.Event()  # set by `remaining` alone

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what is there. Raises ClientDisconnected where that is not all."""
        if not self._held and not self.has_ended:
            raise ClientDisconnected("the rest of the body is still on its way")
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size

    async def remaining(self) -> AsyncIterator[bytes]:
        """All of it on the event loop, piece by piece, when no thread has read any. Raises
        ClientDisconnected."""
        if self._held:
            yield bytes(self._held)
        while not self.has_ended:
            message = await self._rate.next(self._receive)
            self.has_ended = not message.get("more_body", False)
            yield message.get("body", b"")
        self.ended.set()


class MinimumUploadRate:
    """Takes a body's messages from a client that may be slow, but not stand still for IDLE_S, nor
    drip after that, on the average: it would hold memory, or a file, for nothing."""

    def __init__(self, size: int = 0) -> None:
        self._begun_at = time.monotonic()
        self._size = size

    async def next(self, receive: Receive) -> Message:
        """The next message. Raises ClientDisconnected."""
        try:
            async with asyncio.timeout(IDLE_S):
                message = await receive()
        except TimeoutError as reason:
            raise ClientDisconnected("the client stood still") from reason
        if message["type"] == "http.disconnect":
            raise ClientDisconnected("the client went away within the body")
        self._size += len(message.get("body", b""))
        elapsed_s = time.monotonic() - self._begun_at
        if elapsed_s > IDLE_S and self._size < elapsed_s * SLOWEST_UPLOAD_BYTES_PER_S:
            raise ClientDisconnected("the client sends too slowly")
        return message


class DeferredResponse(NamedTuple):
    """An answer that the application left to `responder`, and the headers that it did say."""

    responder: Any  # a server.web.deferred_response.Responder
    headers: Headers


@dataclass
class Answer:
    """What the application says: a short body, or a first piece and where the others come from, or
    a part of a file in place of both."""

    status: int
    headers: Headers
    body: bytes
    rest: BodyReader | None = None
    part: FilePart | None = None


def run_application(
    app: WsgiApp, environ: dict[str, Any], *, sends_files: bool = False
) -> Answer | DeferredResponse:
    """In a thread: run the application as far as the first piece of its answer, or its file where
    the connection sends files.

    What another must answer on the event loop (server.web.deferred_response) is returned, too.
    """
    begun: list[Any] = []

    def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
        del exc_info  # nothing is on its way before the application returns
        begun[:] = [int(status[:3]), headers]

    response = app(environ, start_response)
    close = getattr(response, "close", _nothing)
    is_streamed = getattr(response, "streaming", not isinstance(response, list | tuple))
    responder = getattr(response, "responder", None)
    part = getattr(response, "file_part", None)
    if part is not None and sends_files:
        return Answer(begun[0], begun[1], b"", part=part)
    if is_streamed and responder is None:
        is_snapshot = getattr(response, "is_snapshot", False)
        rest = BodyReader(response, close, is_snapshot=is_snapshot)
        return _begun(begun[0], begun[1], rest, is_head=environ["REQUEST_METHOD"] == "HEAD")
    try:
        if responder is not None:
            return DeferredResponse(responder, begun[1])
        return held(Answer(begun[0], begun[1], b"".join(response)))
    finally:
        close()


def _begun(status: int, headers: Headers, rest: BodyReader, *, is_head: bool) -> Answer:
    """A streamed answer with its first piece; where that is all, it is a short one."""
    if is_head:
        rest.close()
        return Answer(status, headers, b"")
    try:
        first = rest.next()
    except BaseException:
        rest.close()
        raise
    return Answer(status, headers, first, None if rest.has_ended else rest)


def _nothing() -> None:
    """What there is to close of a plain list."""


def held(answer: Answer, held_max_bytes: int = HELD_MAX_BYTES) -> Answer:
    """The answer, with a body that is too large to wait in memory for a slow client in a file."""
    size = len(answer.body)
    if size <= held_max_bytes:
        return answer
    headers = [*answer.headers]
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(("Content-Length", str(size)))
    first = min(held_max_bytes, PIECE_BYTES)
    rest = spilled(answer.body, first)
    return Answer(answer.status, headers, answer.body[:first], rest)


class ResponseWriter:
    """Carries one answer to the client."""

    def __init__(
        self, receive: Receive, send: Send, *, is_head: bool, sends_whole: bool = False
    ) -> None:
        """`sends_whole`: the connection knows WHOLE."""
        self._receive = receive
        self._send = send
        self._is_head = is_head
        self._sends_whole = sends_whole and not is_head
        self.has_begun = False

    async def begin(self, answer: Answer, *, is_whole: bool) -> None:
        """Send the head; the length of what is whole is known."""
        names = encoded(answer.headers)
        # The length of what HEAD leaves out is not known when it would have been streamed.
        is_known = answer.status not in WITHOUT_BODY and (answer.body or not self._is_head)
        if is_whole and is_known and not any(name == b"content-length" for name, _ in names):
            names.append((b"content-length", str(len(answer.body)).encode()))
        self.has_begun = True
        start = {"type": "http.response.start", "status": answer.status, "headers": names}
        await self._send(start)

    async def send_whole(self, answer: Answer) -> None:
        """Send a short answer."""
        is_short = len(answer.body) <= WHOLE_MAX_BYTES and answer.status not in WITHOUT_BODY
        if self._sends_whole and is_short and (head := _lines(answer)):
            self.has_begun = True
            whole = {"status": answer.status, "head": head, "body": answer.body}
            await self._send({"type": WHOLE, **whole})
            return
        await self.begin(answer, is_whole=True)
        await self.piece(b"" if self._is_head else answer.body, is_last=True)

    async def piece(self, body: bytes, *, is_last: bool) -> None:
        """Send a part of the body, at the client's pace, however long it is."""
        at = 0
        while len(body) - at > PIECE_MAX_BYTES:  # what was read as one piece is sent as one
            part = body[at : at + PIECE_BYTES]
            at += PIECE_BYTES
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        rest = {"type": "http.response.body", "body": body[at:], "more_body": not is_last}
        await self._send(rest)

    async def file(
        self,
        answer: Answer,
        part: FilePart,
        run: Callable[[Callable[[], bool]], Awaitable[bool]],
        count: Callable[[int], None],
        wait: Callable[[Awaitable[None]], Awaitable[None]],
    ) -> None:
        """Send an answer whose body is a part of a file; whoever asks closes it."""
        await self.begin(answer, is_whole=False)
        await self._send({"type": FILE, "part": part, "run": run, "count": count, "wait": wait})

    async def taken(self) -> None:
        """Return when the client has taken most of what was sent."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})

    async def left(self) -> None:
        """Return when the client has left. What else it sends meanwhile is dropped."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _lines(answer: Answer) -> bytes:
    """The header lines of an answer whose length is known; none where one of them is about the
    connection, which is uvicorn's to read. Django refuses line ends in headers."""
    names = {name.lower() for name, _ in answer.headers}
    if "connection" in names:
        return b""
    lines = [f"{name}: {value}\r\n" for name, value in answer.headers]
    if "content-length" not in names:
        lines.append(f"content-length: {len(answer.body)}\r\n")
    return "".join(lines).encode("latin-1")


def encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
