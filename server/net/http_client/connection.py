"""One connection to one server: an exchange at a time, bodies in pieces at the slower side's pace.

Nothing waits without a clock: each phase has its own, and the whole exchange may have one, too.
"""

import asyncio
import select
import ssl
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import cast

from server.net.http_client import addresses
from server.net.http_client.errors import BadResponse, TimedOut, Unreachable
from server.net.http_client.incoming import Incoming
from server.net.http_client.messages import Place, Request

CONNECT_S = 10.0  # for the connections to all addresses that are tried, TLS included
HEAD_S = 10.0  # from the last byte of the request to the head of the reply
IDLE_S = 30.0  # between two bytes of a body, either way
TRIED_MAX = 4  # addresses of a name
HELD_MAX_BYTES = 65_536  # of a body that its reader is slow to take
_PIECE_BYTES = 65_536
_NEVER = float("inf")


class Connection(asyncio.Protocol):
    """`is_lost` says that the socket is closed."""

    def __init__(self) -> None:
        self.is_lost = False
        self.kept_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._incoming: Incoming | None = None
        self._fault: BadResponse | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_sent = self._is_writable = True
        self._is_paused = False
        self._ends_at = _NEVER

    async def ask(self, request: Request, place: Place, ends_at: float = _NEVER) -> Incoming:
        """Send a request and wait for the head of its answer. Raises TimedOut, BadResponse."""
        self._incoming = incoming = Incoming(request.method)
        self._ends_at = ends_at
        self._is_sent = False
        await self._send(request, place)
        await self._until(lambda: incoming.status, HEAD_S)
        return incoming

    async def piece(self) -> bytes:
        """The next piece of the answer's body, b"" at its end. Raises TimedOut, BadResponse."""
        incoming = self.asked
        await self._until(lambda: incoming.held_bytes or incoming.is_whole, IDLE_S)
        taken = incoming.take()
        if self._is_paused and not self.is_lost:
            self._is_paused = False
            self._transport.resume_reading()
        return taken

    @property
    def can_follow(self) -> bool:
        """Whether the exchange is over, and the connection is good for another one."""
        is_good = self._is_sent and not self.is_lost and not self._fault
        return is_good and self.asked.can_follow and not self.asked.held_bytes

    @property
    def is_stale(self) -> bool:
        """Whether the server has closed the connection, even if our loop has yet to hear of it."""
        if self.is_lost:
            return True
        news = select.poll()
        news.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return bool(news.poll(0))

    def drop(self) -> None:
        """Close the socket now, whatever is under way."""
        self.is_lost = True
        self._transport.abort()

    # --- sending

    async def _send(self, request: Request, place: Place) -> None:
        head, body = request.head(place), request.body
        if isinstance(body, bytes) and len(body) <= _PIECE_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            async for piece in _framed(request):
                if not await self._passes(piece):
                    return  # the answer is there before its time: nothing can follow it
        self._is_sent = True

    async def _passes(self, piece: bytes) -> bool:
        """Write, at the server's pace; False when it answers before it has heard all."""
        await self._until(lambda: self._is_writable or self.asked.status, IDLE_S)
        if self._fault or self.asked.status:
            return False
        self._transport.write(piece)
        return True

    # --- waiting

    async def _until(self, fact: Callable[[], object], most_s: float) -> None:
        """Wait for a fact. Raises TimedOut, and BadResponse when it can no longer become true."""
        now = self._loop.time()
        ends_at = min(now + most_s, self._ends_at)
        while not fact():
            if self._fault:
                raise self._fault
            if now >= ends_at:
                raise TimedOut("the answer took too long")
            await self._wait(ends_at)
            now = self._loop.time()

    async def _wait(self, until: float) -> None:
        """Wait for the next event of the connection, or for this time."""
        self._waiter = waiter = self._loop.create_future()
        clock = self._loop.call_at(until, self._wake)
        try:
            await waiter
        finally:
            clock.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def asked(self) -> Incoming:
        """The answer to what was asked last."""
        assert self._incoming is not None  # noqa: S101 - nobody reads before they ask
        return self._incoming

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        incoming = self._incoming
        if incoming is None or incoming.is_whole:
            self._fail(BadResponse("it speaks before it is asked"))
            return
        try:
            incoming.feed(data)
        except BadResponse as fault:
            self._fail(fault)
        if incoming.held_bytes > HELD_MAX_BYTES and not (incoming.is_whole or self.is_lost):
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, reason: Exception | None) -> None:
        self.is_lost = True
        incoming = self._incoming
        if not self._fault and not (incoming and incoming.end(is_clean=reason is None)):
            self._fault = BadResponse(f"the connection broke: {reason or 'it was closed'}")
        self._wake()

    def _fail(self, fault: BadResponse) -> None:
        self._fault = fault
        self.drop()

    def pause_writing(self) -> None:
        self._is_writable = False

    def resume_writing(self) -> None:
        self._is_writable = True
        self._wake()


async def connect(place: Place, *, is_ours: bool, ends_at: float = _NEVER) -> Connection:
    """A new connection; where the operator did not choose the server, to an address that passed
    the check. The certificate is checked against the name. Raises Unreachable."""
    loop = asyncio.get_running_loop()
    ends_at = min(ends_at, loop.time() + CONNECT_S)
    try:
        async with asyncio.timeout_at(ends_at):
            found = [place.host] if is_ours else await addresses.checked(place.host)
    except TimeoutError as reason:
        raise Unreachable("the name servers took too long") from reason
    failure: Exception | None = None
    tried = found[:TRIED_MAX]
    for count, address in enumerate(tried):
        try:
            async with asyncio.timeout((ends_at - loop.time()) / (len(tried) - count)):
                return await _connected(loop, place, address)
        except (OSError, UnicodeError) as reason:
            failure = reason
    raise Unreachable(f"{type(failure).__name__}: {failure}") from failure


async def _connected(loop: asyncio.AbstractEventLoop, place: Place, address: str) -> Connection:
    is_tls = place.scheme == "https"
    _, connection = await loop.create_connection(
        Connection,
        address,
        place.port,
        ssl=tls_context() if is_tls else None,
        server_hostname=place.host if is_tls else None,
    )
    return connection


async def _framed(request: Request) -> AsyncIterator[bytes]:
    """The body as it travels. Raises BadResponse when it is not as long as the head said."""
    body = request.body
    pieces = _pieces(body) if isinstance(body, bytes) else body
    if request.is_chunked:
        async for piece in pieces:
            if piece:
                yield b"%x\r\n%b\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"
        return
    left = len(body) if isinstance(body, bytes) else request.length or 0
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise BadResponse("the body that we sent is not as long as we said")


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]


@cache
def tls_context() -> ssl.SSLContext:
    """TLS as every connection of ours uses it."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
