"""The face of the client for threads: a whole answer, or an error.

The exchange itself runs on an event loop in a thread of its own, which begins with the first
request of a process; files are read and written in the thread that waits, so that a slow disk is
nobody else's affair.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import IO, Any, TypeVar

import uvloop

from server.net.http_client.decoded_answers import AnswerDecoder
from server.net.http_client.errors import TooLarge
from server.net.http_client.messages import Request
from server.net.http_client.pool import Connections, Reply

T = TypeVar("T")
CHUNK_BYTES = 65_536
DEFAULT_TIMEOUT_S = 10.0
DEFAULT_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case, `body` decoded and complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def _request(  # noqa: PLR0913 - an HTTP request has that many parts
    is_ours: bool,
    method: str,
    url: str,
    *,
    body: bytes | IO[bytes] | None = None,
    length: int | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    max_bytes: int = DEFAULT_MAX_BYTES,
    into: IO[bytes] | None = None,
) -> Answer:
    """Ask, and read the whole answer; a 3xx is an answer like others.

    A file as `body` goes out in pieces, `length` bytes or in chunks, and an answer comes in in
    pieces when there is a file to take it (`into`; the `body` of the answer is empty then).

    Raises Unreachable (NoSuchHost, Forbidden), TimedOut (BadResponse, TooLarge).
    """
    waiting = _Waiting()
    sent = body if isinstance(body, bytes) else waiting.pieces(body) if body else b""
    request = Request(method, url, headers or {}, sent, length, is_ours, timeout_s=timeout_s)
    return waiting.run(_exchange(request, max_bytes, waiting, into))


request = partial(_request, False)
request_configured = partial(_request, True)


async def _exchange(
    request: Request, max_bytes: int, waiting: "_Waiting", into: IO[bytes] | None
) -> Answer:
    kept: list[bytes] = []
    async with running().connections.ask(request) as reply:
        async for piece in _decoded(reply, max_bytes):
            if into is None:
                kept.append(piece)
            else:
                await waiting.do(partial(into.write, piece))
    return Answer(reply.status, reply.headers, b"".join(kept))


async def _decoded(reply: Reply, max_bytes: int) -> AsyncIterator[bytes]:
    """The body without its Content-Encoding, counted with it and without."""
    left = max_bytes
    decoder = AnswerDecoder(reply.headers.get("content-encoding", ""))
    async for chunk in reply.chunks(max_bytes):
        for piece in decoder.pieces(chunk):
            left -= len(piece)
            if left < 0:
                raise TooLarge(max_bytes, reply.status)
            yield piece
    decoder.end()


class _Waiting:
    """A thread that waits for its exchange, and meanwhile does for it what may block."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def run(self, exchange: Coroutine[Any, Any, T]) -> T:
        """The result of the exchange. Whatever interrupts the thread ends the exchange, too."""
        exchanging = asyncio.run_coroutine_threadsafe(exchange, running().loop)
        exchanging.add_done_callback(lambda _: self._jobs.put(None))
        try:
            for job in iter(self._jobs.get, None):
                job()
        except BaseException:
            exchanging.cancel()
            raise
        return exchanging.result()

    async def do(self, work: Callable[[], T]) -> T:
        """Have the thread do this, on the way of the exchange."""
        done: Future[T] = Future()
        self._jobs.put(partial(settle, done, work))
        return await asyncio.wrap_future(done)

    async def pieces(self, file: IO[bytes]) -> AsyncIterator[bytes]:
        """What is left of a file."""
        while piece := await self.do(partial(file.read, CHUNK_BYTES)):
            yield piece


def settle(done: "Future[T]", work: Callable[[], T]) -> None:
    """Do the work and give its outcome to whoever waits."""
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(work())
    except Exception as reason:  # noqa: BLE001 - raised again where it is awaited
        done.set_exception(reason)


class _Running:
    """The event loop of this process, in its thread."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self.connections = Connections()
        self._thread = threading.Thread(target=self.loop.run_forever, name="http", daemon=True)
        self._thread.start()
        atexit.register(self._stop)

    def _stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(1.0)


_lock = threading.Lock()
_started: list[_Running] = []


def running() -> _Running:
    """The event loop of this process and its connections, started when first needed."""
    with _lock:
        if not _started:
            _started.append(_Running())
        return _started[0]


def _forget() -> None:
    """A forked process has none of its parent's threads, and begins anew."""
    _started.clear()
    _lock.release()


os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forget)
