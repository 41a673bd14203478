"""The two ends of a request that a worker thread holds: its body coming in, its answer going out.

Both run in a thread and talk to the event loop one message at a time, so memory stays constant
however long the body is, and whoever is slower sets the pace.
"""

import asyncio
import io
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import CancelledError, Future
from typing import Any, NamedTuple

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[str, str]]
Whole = tuple[int, Headers, bytes]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

IDLE_S = 60.0  # a client that neither sends nor takes a byte for so long is gone
# After IDLE_S, on the average: who drips holds a thread for nothing.
SLOWEST_UPLOAD_BYTES_PER_S = 2_048
SLOWEST_DOWNLOAD_BYTES_PER_S = 8_192
BATCH_BYTES = 262_144  # small chunks are put together while the one before is on its way
WITHOUT_BODY = frozenset({204, 304})  # RFC 9110 section 6.4.1


class Gone(ConnectionResetError):
    """The client went away, or stood still for longer than IDLE_S."""


class ChunkedBody(io.RawIOBase):
    """`wsgi.input` of a long body: pulls from the client when the view reads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive, ahead: bytes) -> None:
        super().__init__()
        self._loop = loop
        self._receive = receive
        self._held = memoryview(ahead)
        self._begun_at = time.monotonic()
        self._size = len(ahead)
        self.has_ended = False
        self.ended = asyncio.Event()  # set by `remaining` alone

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what is there; 0 at the end. Raises Gone."""
        while not self._held and not self.has_ended:
            self._held = memoryview(self._taken(_wait(_settled(self._receive()), self._loop)))
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size

    async def remaining(self) -> AsyncIterator[bytes]:
        """All of it on the event loop, piece by piece, when no thread has read any. Raises Gone."""
        if self._held:
            yield bytes(self._held)
        while not self.has_ended:
            try:
                async with asyncio.timeout(IDLE_S):
                    message = await self._receive()
            except TimeoutError as reason:
                raise Gone("the client stood still") from reason
            yield self._taken(message)
        self.ended.set()

    def _taken(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise Gone("the client went away within the body")
        piece: bytes = message.get("body", b"")
        self._size += len(piece)
        self._refuse_dripping()
        self.has_ended = not message.get("more_body", False)
        return piece

    def _refuse_dripping(self) -> None:
        if _drips(self._begun_at, self._size, SLOWEST_UPLOAD_BYTES_PER_S):
            raise Gone("the client sends too slowly")


class HandedOver(NamedTuple):
    """An answer that the application left to `handover`, and the headers that it did say."""

    handover: Any  # a hosting.handover.Handover
    headers: Headers


class Outlet:
    """Carries one answer to the client."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, receive: Receive, send: Send, *, is_head: bool
    ) -> None:
        self._loop = loop
        self._receive = receive
        self._send = send
        self._is_head = is_head
        self._is_gone = threading.Event()

    def carry(self, app: WsgiApp, environ: dict[str, Any]) -> Whole | HandedOver | None:
        """In a thread: run the application. A short answer is returned for the event loop to
        send; a streamed one is sent from here, and None returned; what another must answer on the
        event loop (hosting.handover) is returned, too. Raises Gone."""
        begun: list[Any] = []

        def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
            del exc_info  # nothing is on its way before the application returns
            begun[:] = [int(status[:3]), headers]

        response = app(environ, start_response)
        try:
            if handover := getattr(response, "handover", None):
                return HandedOver(handover, begun[1])
            if getattr(response, "streaming", not isinstance(response, list | tuple)):
                if not self._is_head:
                    self._stream(begun[0], begun[1], response, environ["wsgi.input"])
                    return None
                return begun[0], begun[1], b""
            return begun[0], begun[1], b"".join(response)
        finally:
            if close := getattr(response, "close", None):
                close()

    async def send_whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a short answer in two messages."""
        names = encoded(headers)
        has_length = any(name == b"content-length" for name, _ in names)
        # The length of what HEAD leaves out is not known when it would have been streamed.
        is_known = status not in WITHOUT_BODY and (body or not self._is_head)
        if is_known and not has_length:
            names.append((b"content-length", str(len(body)).encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": names})
        await self._send({"type": "http.response.body", "body": b"" if self._is_head else body})

    def _stream(self, status: int, headers: Headers, chunks: Iterable[bytes], body: object) -> None:
        watcher = self._watch(body)
        start = {"type": "http.response.start", "status": status, "headers": encoded(headers)}
        on_its_way = self._submit(start)
        held: list[bytes] = []
        size = 0
        sent = 0
        begun_at = time.monotonic()
        try:
            for chunk in chunks:
                held.append(chunk)
                size += len(chunk)
                if on_its_way.done() or size >= BATCH_BYTES:
                    self._arrived(on_its_way)
                    if _drips(begun_at, sent, SLOWEST_DOWNLOAD_BYTES_PER_S):
                        raise Gone("the client takes too slowly")
                    sent += size
                    on_its_way = self._submit(_piece(b"".join(held)))
                    held, size = [], 0
            self._arrived(on_its_way)
            _wait_for(self._submit({"type": "http.response.body", "body": b"".join(held)}))
        finally:
            watcher.cancel()

    def _arrived(self, message: "Future[Any]") -> None:
        _wait_for(message)
        if self._is_gone.is_set():
            raise Gone("the client went away within the answer")

    def _submit(self, message: Message) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(_settled(self._send(message)), self._loop)

    def _watch(self, body: object) -> "Future[Any]":
        """Notice the client's leaving, unless the body is still being read from the same wire."""
        if isinstance(body, io.BufferedReader) and not getattr(body.raw, "has_ended", True):
            return Future()

        async def watch() -> None:
            while (await self._receive())["type"] != "http.disconnect":
                pass
            self._is_gone.set()

        return asyncio.run_coroutine_threadsafe(watch(), self._loop)


def _drips(begun_at: float, size: int, slowest_bytes_per_s: int) -> bool:
    elapsed_s = time.monotonic() - begun_at
    return elapsed_s > IDLE_S and size < elapsed_s * slowest_bytes_per_s


def _piece(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


def encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


async def _settled(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _wait(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
    return _wait_for(asyncio.run_coroutine_threadsafe(coroutine, loop))


def _wait_for(future: "Future[Any]") -> Any:
    try:
        return future.result(IDLE_S)
    except (TimeoutError, CancelledError) as reason:
        future.cancel()
        raise Gone("the client stood still") from reason
