"""The connection pool of the asynchronous client: bounded, with checked addresses.

The address is checked after name resolution and is the one that is connected to, so a name that
points inside, now or at its second resolution, gets nowhere (SSRF, DNS rebinding).
"""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final

import httpcore

from server.net.async_http import addresses
from server.net.async_http.errors import Busy, Forbidden, TimedOut, Unreachable
from server.net.async_http.messages import Chunks, Reply, Request, headers_of, translated
from server.net.http_client import is_allowed

HEAD_S = 10.0  # from the last byte of the request to the head of the reply
IDLE_S = 30.0  # between two bytes of a body, either way
CONNECT_S = 5.0
TRIED_MAX = 4  # addresses of a name
KEPT_S = 4.0  # shorter than any server in use keeps an idle connection
KEPT_MAX = 32  # an origin
BUSY_MAX = 256  # an origin
UNTRUSTED_BUSY_MAX = 1024  # all origins together that operators did not choose
CALLER_BUSY_MAX = 48  # on behalf of one caller, who may send and read as slowly as can be
_TIMEOUTS: Final = {"connect": CONNECT_S, "read": IDLE_S, "write": IDLE_S}
_SAFE_TO_REPEAT: Final = ("GET", "HEAD")
_SOCKET_FAILURES = (httpcore.NetworkError, httpcore.RemoteProtocolError)
_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

Key = tuple[str, str, int, bool]


class Backend(httpcore.AnyIOBackend):
    """Connects anywhere, and remembers its one socket: whoever gives up in the middle of a TLS
    handshake has nothing else to close it by."""

    stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.stream = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return self.stream


class CheckedBackend(Backend):
    """Connects only where an untrusted URL may lead."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises Forbidden when any address of the name is not allowed: a name that points both
        outside and inside is an attack, not a mistake."""
        found = await addresses.look_up(host.strip("[]"))
        if not all(map(is_allowed, found)):
            raise Forbidden(f"{host} leads to an address that is not public")
        failure: Exception | None = None
        for address in found[:TRIED_MAX]:
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as reason:
                failure = reason
        raise Unreachable(str(failure)) from failure


class Connection(httpcore.AsyncHTTPConnection):
    """One connection to one origin."""

    def __init__(self, key: Key) -> None:
        scheme, host, port, is_ours = key
        self._backend = Backend() if is_ours else CheckedBackend()
        super().__init__(
            httpcore.Origin(scheme.encode(), host.encode(), port),
            ssl_context=_tls(),
            keepalive_expiry=KEPT_S,
            network_backend=self._backend,
        )

    async def head(self, request: Request) -> httpcore.Response:
        """The head of the reply, HEAD_S after the last byte of the request at the latest."""
        try:
            async with asyncio.timeout(None) as clock:
                body = _timed(request.body, clock)
                message = request.to_httpcore(body, _TIMEOUTS)
                return await self.handle_async_request(message)
        except BaseException:
            if self._backend.stream:
                await self._backend.stream.aclose()
            raise


class Connections:
    """The connections of one event loop."""

    def __init__(self) -> None:
        self._idle: dict[Key, list[Connection]] = {}
        self._busy: Counter[Key] = Counter()
        self._untrusted_busy = 0
        self._callers: Counter[str] = Counter()
        self._swept_at = 0.0

    @asynccontextmanager
    async def ask(self, request: Request) -> AsyncIterator[Reply]:
        """Send a request; the reply's head is there, its body comes within the context.

        Leaving early drops the connection. GET and HEAD are sent once more when the socket fails.
        Raises Unreachable (Forbidden), TimedOut, BadResponse, Busy.
        """
        key = (*request.origin, request.is_ours)
        self._enter(key, request.caller)
        try:
            await self._sweep()
            connection, response = await self._head(key, request)
            try:
                yield Reply(response.status, headers_of(response), response)
            finally:
                await response.aclose()
                await self._keep(key, connection)
        finally:
            self._leave(key, request.caller)

    async def aclose(self) -> None:
        """Close what is kept."""
        kept = [connection for idle in self._idle.values() for connection in idle]
        self._idle.clear()
        for connection in kept:
            await connection.aclose()

    async def _head(self, key: Key, request: Request) -> tuple[Connection, httpcore.Response]:
        has_another_try = request.method in _SAFE_TO_REPEAT
        while True:
            connection = await self._take(key)
            try:
                return connection, await connection.head(request)
            except TimeoutError as reason:
                raise TimedOut("no answer in time") from reason
            except _FAILURES as reason:
                if not (has_another_try and isinstance(reason, _SOCKET_FAILURES)):
                    raise translated(reason) from reason
                has_another_try = False

    async def _take(self, key: Key) -> Connection:
        """A kept connection that is still good, or a new one."""
        idle = self._idle.get(key, [])
        while idle:
            connection = idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return Connection(key)

    async def _keep(self, key: Key, connection: Connection) -> None:
        if connection.is_idle() and len(self._idle.get(key, ())) < KEPT_MAX:
            self._idle.setdefault(key, []).append(connection)
        else:
            await connection.aclose()

    async def _sweep(self) -> None:
        """Now and then, close what nobody asked for again."""
        now = time.monotonic()
        if now - self._swept_at < KEPT_S:
            return
        self._swept_at = now
        expired = []
        for key, idle in list(self._idle.items()):
            expired += [connection for connection in idle if connection.has_expired()]
            self._idle[key] = [connection for connection in idle if connection not in expired]
            if not self._idle[key]:
                del self._idle[key]
        for connection in expired:
            await connection.aclose()

    def _enter(self, key: Key, caller: str) -> None:
        is_ours = key[3]
        if caller and self._callers[caller] >= CALLER_BUSY_MAX:
            raise Busy(f"{CALLER_BUSY_MAX} calls of {caller} are under way")
        if self._busy[key] >= BUSY_MAX:
            raise Busy(f"{BUSY_MAX} calls wait for {key[1]}")
        if not is_ours and self._untrusted_busy >= UNTRUSTED_BUSY_MAX:
            raise Busy(f"{UNTRUSTED_BUSY_MAX} calls wait for services of untrusted parties")
        self._busy[key] += 1
        self._callers[caller] += 1
        self._untrusted_busy += not is_ours

    def _leave(self, key: Key, caller: str) -> None:
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]
        self._busy[key] -= 1
        self._untrusted_busy -= not key[3]
        if not self._busy[key]:
            del self._busy[key]


async def _timed(body: bytes | Chunks, clock: asyncio.Timeout) -> Chunks:
    """The body, and then the clock is set. Until then each piece has a clock of its own."""
    if isinstance(body, bytes):
        if body:
            yield body
    else:
        async for chunk in body:
            yield chunk
    clock.reschedule(asyncio.get_running_loop().time() + HEAD_S)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
