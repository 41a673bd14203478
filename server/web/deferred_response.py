"""Deferred responses: what the event loop finishes after a request's thread is done.

A WSGI answer may carry an object in its attribute `responder` (it is else an ordinary response,
and its headers count). When the thread is done the bridge gives that object the `Exchange` and
leaves the rest to it: this is how the answer of another service, however slow, reaches the client
without a thread that waits for it (xrpc.proxy).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from django.http import StreamingHttpResponse

from server.net.client_networks import Client
from server.net.http_client import Connections
from server.web.bodies.body_transfers import BodyTransfers
from server.web.bodies.chunks import HELD_MAX_BYTES
from server.web.bodies.streams import (
    Answer,
    ChunkedBody,
    ClientDisconnected,
    Headers,
    Receive,
    ResponseWriter,
    Send,
    held,
)
from server.web.connections.slow_clients import SLOWEST_BYTES_PER_S
from server.web.process_limits import IDLE_S

T = TypeVar("T")
RunInPool = Callable[[str, Callable[[], Any]], Awaitable[Any]]


class Responder(Protocol):
    """What a WSGI answer carries in its attribute `responder`."""

    async def respond(self, exchange: "Exchange") -> None:
        """Answer the request. Raises ClientDisconnected, TimeoutError when the client left or stood
        still."""
        ...


def deferred(responder: Responder) -> StreamingHttpResponse:
    """No answer yet: only the headers that every answer has, which middleware will set."""
    response = StreamingHttpResponse(())
    del response["Content-Type"]
    response.responder = responder  # type: ignore[attr-defined] # as above
    return response


@dataclass
class Exchange:
    """A request between its threads and its end. `body` is whole, or still to come from the client;
    `headers` are what the WSGI answer said, and belong into every answer."""

    body: bytes | ChunkedBody
    length: int | None
    headers: Headers
    receive: Receive
    send: Send
    run_in_pool: RunInPool
    upstream: Connections
    writer: ResponseWriter
    transfers: BodyTransfers
    client: Client

    @property
    def has_begun(self) -> bool:
        """Whether the head of an answer is on its way."""
        return self.writer.has_begun

    @property
    def chunks(self) -> bytes | AsyncIterator[bytes]:
        """The request's body: as it is, or piece by piece, once."""
        return self.body if isinstance(self.body, bytes) else self.body.remaining()

    async def run(self, pool: str, work: Callable[[], T]) -> T:
        """Run blocking work in a thread of one of the bridge's pools. Raises PoolIsFull."""
        result: T = await self.run_in_pool(pool, work)
        return result

    async def begin(self, status: int, headers: Headers) -> None:
        """Send the head of the answer; `headers` win over those of the WSGI answer."""
        await self._begin(Answer(status, headers, b""), is_whole=False)

    async def piece(self, body: bytes, *, is_last: bool = False) -> None:
        """Send a part of the answer's body, at the client's pace. Raises TimeoutError."""
        async with asyncio.timeout(max(IDLE_S, len(body) / SLOWEST_BYTES_PER_S)):
            await self.writer.piece(body, is_last=is_last)

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send an answer that is all there; a large one waits for its client in a file."""
        whole = Answer(status, headers, body)
        if len(body) > HELD_MAX_BYTES:
            whole = await self.run("transfer", lambda: held(whole))
        await self._begin(whole, is_whole=whole.rest is None)
        await self.piece(whole.body, is_last=whole.rest is None)
        while whole.rest is not None and not whole.rest.has_ended:
            piece = await self.run("transfer", whole.rest.next)
            await self.piece(piece, is_last=whole.rest.has_ended)

    async def _begin(self, answer: Answer, *, is_whole: bool) -> None:
        own = {name.lower() for name, _ in answer.headers}
        kept = [(name, value) for name, value in self.headers if name.lower() not in own]
        full = replace(answer, headers=kept + answer.headers)
        async with asyncio.timeout(IDLE_S):
            await self.writer.begin(full, is_whole=is_whole)

    async def while_the_client_stays(self, work: Awaitable[None]) -> None:
        """Do the work, and drop it when the client leaves. Raises ClientDisconnected."""
        doing = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(self._left())
        try:
            await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise ClientDisconnected("the client went away")
            await doing
        finally:
            for task in (doing, leaving):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _left(self) -> None:
        """Return when the client leaves; while its body comes in, whoever reads it will notice."""
        if isinstance(self.body, ChunkedBody):
            await self.body.ended.wait()
        while (await self.receive())["type"] != "http.disconnect":
            pass
