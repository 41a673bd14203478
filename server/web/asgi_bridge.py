"""The bridge from ASGI to threads: WebSockets to Channels, HTTP to a WSGI handler.

Django's WSGI handler costs a fifth of its ASGI handler (docs/decisions/0004), so HTTP takes it
even though the server speaks ASGI. Bodies stream both ways, and no thread waits for a client: a
large upload is received on the event loop (server.web.uploads), a streamed answer is read in
threads piece by piece (server.web.bodies.long_responses), and its iterator is closed when the
client goes away.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, BinaryIO, TypeVar

import orjson

from protocol.errors import XrpcError
from server.net.client_networks import Client, client_of
from server.net.http_client import Connections
from server.storage.free_space import InsufficientStorage
from server.web.bodies.body_transfers import BodyTransfers, CutOff
from server.web.bodies.buffered_bytes import SMALL_BYTES, BufferBudget, BufferedBody
from server.web.bodies.file_parts import FILE, FilePart
from server.web.bodies.long_responses import Release, Stream
from server.web.bodies.request_bodies import read_body, unread
from server.web.bodies.streams import (
    WHOLE,
    Answer,
    ChunkedBody,
    ClientDisconnected,
    DeferredResponse,
    Receive,
    ResponseAborted,
    ResponseWriter,
    Send,
    WsgiApp,
    held,
    run_application,
)
from server.web.deferred_response import Exchange
from server.web.faults import ServiceUnavailable
from server.web.process_limits import NETWORK_SNAPSHOTS, SNAPSHOTS
from server.web.threads import named_pools
from server.web.threads.fair_queue import QueueIsFull
from server.web.threads.fair_semaphore import FairSemaphore
from server.web.threads.shared_pool import SharedPool
from server.web.threads.thread_pools import PoolIsFull, ThreadPool
from server.web.wsgi_environ import IS_BUSY, Environ, HeaderTooLarge, Scope, environ_of

T = TypeVar("T")
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# A longer write would hold up those that are batched with it: so many bytes of the costliest JSON
# take some 5 ms to check and encode, where a usual record takes a tenth of one.
BATCHED_MAX_BYTES = 8_192
_XRPC = "/xrpc/"


class RequestTimeout(XrpcError):
    """408 (RFC 9110 section 15.5.9): the body did not come in time."""

    name = "RequestTimeout"
    status = 408
    message = "The request body did not arrive in time"


class Bridge:
    """`pool_of(path, method)` names the pool of threads, one of named_pools.THREADS,
    that runs a request;
    `at_end` is called in a thread that had nothing to do for long."""

    def __init__(
        self,
        *,
        http: WsgiApp,
        websocket: AsgiApp,
        pool_of: Callable[[str, str], str],
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._http = http
        self._websocket = websocket
        self._pool_of = pool_of
        self._pools = named_pools.all_of_them(at_end)
        self._upstream = Connections()
        self._transfers = BodyTransfers()
        self._held = BufferBudget()
        self._snapshots = FairSemaphore(NETWORK_SNAPSHOTS, SNAPSHOTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._live(receive, send)

    async def run_for_file(self, scope: Scope, work: Callable[[], T]) -> T:
        """Run what opens a file in a thread of the pool for long bodies. Raises PoolIsFull."""
        return await self._run(self._pools["transfer"], scope, work)

    async def send_file(self, scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
        """Send an answer to GET whose body is short, or a part of a file."""
        writer = ResponseWriter(receive, send, is_head=False)
        if answer.part is None:
            await writer.send_whole(answer)
            return
        pool = self._pools["transfer"]
        try:
            await self._send_file(pool, scope, writer, answer, answer.part)
        except (PoolIsFull, QueueIsFull, ClientDisconnected, CutOff):
            raise ResponseAborted from None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        sends_whole = WHOLE in scope.get("extensions", ())
        is_head = scope["method"] == "HEAD"
        writer = ResponseWriter(receive, send, is_head=is_head, sends_whole=sends_whole)
        try:
            await self._try_to_answer(scope, writer, receive, send)
        except (PoolIsFull, QueueIsFull):
            refusal = await self._too_much(scope)
        except (InsufficientStorage, HeaderTooLarge) as error:
            refusal = _refusal(error)
        except (ClientDisconnected, CutOff, TimeoutError):
            refusal = _refusal(RequestTimeout(), ("Connection", "close"))
        else:
            return
        if writer.has_begun:
            raise ResponseAborted
        await writer.send_whole(refusal)

    async def _too_much(self, scope: Scope) -> Answer:
        """What to say where too much waits already: to programs at once, to people on a page."""
        if not scope["path"].startswith(_XRPC):
            environ = environ_of(scope, io.BytesIO(), 0) | {IS_BUSY: True}
            with suppress(PoolIsFull, HeaderTooLarge):
                work = partial(run_application, self._http, environ)
                answer = await self._run(self._pools["fast"], scope, work)
                if isinstance(answer, Answer) and answer.rest is None:
                    return answer
        return _refusal(ServiceUnavailable("Too many requests are waiting"))

    async def _try_to_answer(
        self, scope: Scope, writer: ResponseWriter, receive: Receive, send: Send
    ) -> None:
        name = self._pool_of(scope["path"], scope["method"])
        buffered = BufferedBody(self._held)
        try:
            body, length = await read_body(scope, receive, buffered)
            await self._answer_in_pool(name, body, length, scope, writer, receive, send)
        finally:
            buffered.forget()

    async def _answer_in_pool(  # noqa: PLR0913, PLR0917 - a request has that many parts
        self,
        name: str,
        body: BinaryIO,
        length: int | None,
        scope: Scope,
        writer: ResponseWriter,
        receive: Receive,
        send: Send,
    ) -> None:
        environ = environ_of(scope, body, length)
        if name == "write" and not _is_small(environ, length):
            name = "large_write"
        pool = self._pools[name]
        if name == "export":
            async with AsyncExitStack() as place:
                await place.enter_async_context(self._snapshots.held_by(_client_of(scope)))
                answer = await self._begun(pool, scope, environ, writer, place.aclose)
        else:
            answer = await self._begun(pool, scope, environ, writer, _nothing)
        if isinstance(answer, DeferredResponse):
            await self._respond_later(answer, scope, writer, unread(body), length, receive, send)
        elif answer is not None:
            await self._send_whole(answer, scope, writer)

    async def _begun(
        self,
        pool: ThreadPool,
        scope: Scope,
        environ: Environ,
        writer: ResponseWriter,
        release: Release,
    ) -> Answer | DeferredResponse | None:
        """Run the application; None when its answer was a stream or a file, which is sent then."""
        sends_files = FILE in scope.get("extensions", ())
        answer = await self._run(
            pool, scope, lambda: run_application(self._http, environ, sends_files=sends_files)
        )
        if isinstance(answer, DeferredResponse):
            return answer
        if answer.part is not None:
            await self._send_file(pool, scope, writer, answer, answer.part)
        elif answer.rest is not None:
            await self._stream(pool, scope, writer, answer, release)
        else:
            return answer
        return None

    async def _send_file(
        self, pool: ThreadPool, scope: Scope, writer: ResponseWriter, answer: Answer, part: FilePart
    ) -> None:
        try:
            with self._transfers.admit(_client_of(scope)) as transfer:
                await writer.file(
                    answer,
                    part,
                    lambda work: self._run(pool, scope, work),
                    transfer.count,
                    lambda work: transfer.until_cut(work, writer.left()),
                )
        finally:
            if not part.close_if_idle():
                await asyncio.get_running_loop().run_in_executor(None, part.close)

    async def _send_whole(self, answer: Answer, scope: Scope, writer: ResponseWriter) -> None:
        size = len(answer.body)
        if size <= SMALL_BYTES:
            await writer.send_whole(answer)
        elif self._held.has_room_for(size):
            with self._held.counting(size):
                await writer.send_whole(answer)
        else:
            pool = self._pools["transfer"]
            kept = await self._run(pool, scope, lambda: held(answer, SMALL_BYTES))
            await self._stream(pool, scope, writer, kept, _nothing)

    async def _stream(
        self,
        pool: ThreadPool,
        scope: Scope,
        writer: ResponseWriter,
        answer: Answer,
        release: Release,
    ) -> None:
        rest = answer.rest
        assert rest is not None  # noqa: S101 - see the callers
        try:
            with self._transfers.admit(_client_of(scope)) as transfer:
                stream = Stream(
                    writer, transfer, lambda work: self._run(pool, scope, work), release
                )
                await transfer.until_cut(stream.send(answer, rest), writer.left())
        finally:
            if not rest.has_ended:  # a thread may still be reading
                await asyncio.get_running_loop().run_in_executor(None, rest.close)

    async def _run(self, pool: ThreadPool, scope: Scope, work: Callable[[], T]) -> T:
        if not isinstance(pool, SharedPool):
            return await pool.run(work)
        return await pool.run_for(_client_of(scope), work)

    async def _respond_later(  # noqa: PLR0913, PLR0917 - an exchange has that many parts
        self,
        deferred: DeferredResponse,
        scope: Scope,
        writer: ResponseWriter,
        body: bytes | ChunkedBody,
        length: int | None,
        receive: Receive,
        send: Send,
    ) -> None:
        exchange = Exchange(
            body,
            length,
            deferred.headers,
            receive,
            send,
            lambda pool, work: self._run(self._pools[pool], scope, work),
            self._upstream,
            writer,
            self._transfers,
            _client_of(scope),
        )
        await deferred.responder.respond(exchange)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The server's start and stop."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._upstream.aclose()
                for pool in self._pools.values():
                    pool.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def _client_of(scope: Scope) -> Client:
    client = scope.get("client")
    return client_of(client[0] if client else "")


def _is_small(environ: Mapping[str, Any], length: int | None) -> bool:
    """Whether a body is known to hold little: a packed one may hold a thousand times its length."""
    packing = environ.get("HTTP_CONTENT_ENCODING")
    return length is not None and length <= BATCHED_MAX_BYTES and not packing


def _refusal(error: XrpcError, *more: tuple[str, str]) -> Answer:
    body = orjson.dumps({"error": error.name, "message": error.message})
    headers = [("Content-Type", "application/json"), *error.headers.items(), *more]
    return Answer(error.status, headers, body)


async def _nothing() -> None:
    """What there is to let go of without a snapshot."""
