"""The connections of one event loop: kept for a moment, bounded by server, caller and in total."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from server.net.http_client.connection import Connection, connect
from server.net.http_client.errors import BadResponse, Busy, TooLarge
from server.net.http_client.messages import Chunks, Place, Request

KEPT_S = 4.0  # shorter than any server in use keeps an idle connection
KEPT_MAX = 32  # a server
ALL_KEPT_MAX = 256
OURS_BUSY_MAX = 1024  # a server that the operator chose
BUSY_MAX = 256  # any other
UNTRUSTED_BUSY_MAX = 1024  # all of those together
CALLER_BUSY_MAX = 48  # on behalf of one caller, who may send and read as slowly as can be
_SAFE_TO_REPEAT: Final = ("GET", "HEAD")

Key = tuple[str, str, int, bool]


@dataclass
class Reply:
    """The head of an answer, and its body as it comes. Header names in lower case.

    The body is what travelled: nothing here undoes a Content-Encoding.
    """

    status: int
    headers: Mapping[str, str]
    connection: Connection

    async def chunks(self, max_bytes: int) -> Chunks:
        """The body piece by piece. Raises TimedOut, BadResponse; TooLarge for more."""
        size = 0
        while piece := await self.connection.piece():
            size += len(piece)
            if size > max_bytes:
                raise TooLarge(max_bytes, self.status)
            yield piece

    async def whole(self, max_bytes: int) -> bytes:
        """All of the body. Raises TimedOut, BadResponse; TooLarge for more."""
        return b"".join([chunk async for chunk in self.chunks(max_bytes)])


class Connections:
    """Asks servers. One object an event loop."""

    def __init__(self) -> None:
        self.idle: dict[Key, deque[Connection]] = {}
        self._idle_count = 0
        self._sweeper: asyncio.TimerHandle | None = None
        self.busy: Counter[Key] = Counter()
        self._untrusted_busy = 0
        self._callers: Counter[str] = Counter()

    @asynccontextmanager
    async def ask(self, request: Request) -> AsyncIterator[Reply]:
        """Send a request; the reply's head is there, its body comes within the context.

        Leaving early drops the connection. GET and HEAD are sent once more when the socket fails.
        Raises Unreachable (NoSuchHost, Forbidden, Busy), TimedOut (BadResponse).
        """
        place = request.place()
        key = (place.scheme, place.host, place.port, request.is_ours)
        self._enter(key, request.caller)
        try:
            connection, reply = await self._asked(key, place, request)
            try:
                yield reply
            finally:
                self._keep(key, connection)
        finally:
            self._leave(key, request.caller)

    async def aclose(self) -> None:
        """Close what is kept."""
        self._close_idle(float("inf"))

    async def _asked(self, key: Key, place: Place, request: Request) -> tuple[Connection, Reply]:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + (request.timeout_s or float("inf"))
        is_repeated = request.method not in _SAFE_TO_REPEAT
        while True:
            connection = self._taken(key)
            if connection is None:
                connection = await connect(place, is_ours=request.is_ours, ends_at=ends_at)
            try:
                incoming = await connection.ask(request, place, ends_at)
            except BaseException as reason:
                connection.drop()
                if is_repeated or not isinstance(reason, BadResponse):
                    raise
                is_repeated = True
            else:
                return connection, Reply(incoming.status, incoming.headers, connection)

    def _taken(self, key: Key) -> Connection | None:
        """The connection that was kept last and is still good."""
        idle = self.idle.get(key)
        while idle:
            connection = idle.pop()
            self._idle_count -= 1
            if not connection.is_stale:
                return connection
            connection.drop()
        return None

    def _keep(self, key: Key, connection: Connection) -> None:
        is_full = self._idle_count >= ALL_KEPT_MAX or len(self.idle.get(key, ())) >= KEPT_MAX
        if is_full or not connection.can_follow:
            connection.drop()
            return
        loop = asyncio.get_running_loop()
        connection.kept_at = loop.time()
        self.idle.setdefault(key, deque()).append(connection)
        self._idle_count += 1
        if self._sweeper is None:
            self._sweeper = loop.call_later(KEPT_S, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody asked for again; come back while anything is kept."""
        loop = asyncio.get_running_loop()
        self._close_idle(loop.time() - KEPT_S)
        self._sweeper = loop.call_later(KEPT_S / 2, self._sweep) if self.idle else None

    def _close_idle(self, until: float) -> None:
        for key, idle in list(self.idle.items()):
            while idle and (idle[0].kept_at <= until or idle[0].is_lost):
                idle.popleft().drop()
                self._idle_count -= 1
            if not idle:
                del self.idle[key]

    def _enter(self, key: Key, caller: str) -> None:
        is_ours = key[3]
        most = OURS_BUSY_MAX if is_ours else BUSY_MAX
        if caller and self._callers[caller] >= CALLER_BUSY_MAX:
            raise Busy(f"{CALLER_BUSY_MAX} calls of {caller} are under way")
        if self.busy[key] >= most:
            raise Busy(f"{most} calls wait for {key[1]}")
        if not is_ours and self._untrusted_busy >= UNTRUSTED_BUSY_MAX:
            raise Busy(f"{UNTRUSTED_BUSY_MAX} calls wait for services of untrusted parties")
        self.busy[key] += 1
        self._callers[caller] += 1
        self._untrusted_busy += not is_ours

    def _leave(self, key: Key, caller: str) -> None:
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]
        self.busy[key] -= 1
        self._untrusted_busy -= not key[3]
        if not self.busy[key]:
            del self.busy[key]
