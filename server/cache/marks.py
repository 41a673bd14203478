"""Marks in Valkey (SET NX), set by the event loop: whoever is first to set one is told so.

As much of RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/) as `SET NX` needs,
on one connection: questions are sent as they come and answered in their order. Whatever is unusual
makes it unavailable, and the way through a thread, which has the library, serves.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

from redis.connection import SSLConnection, parse_url

TIMEOUT_S: Final = 0.5
RECONNECT_PAUSE_S: Final = 1.0
WAITING_MAX: Final = 512


class MarksUnavailable(Exception):
    """Nobody knows whether it was the first: no Valkey, or no answer of it."""


class Marks:
    """One process's connection for marks; made with the first of them. `url` is asked then."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._connection: _Connection | None = None
        self._connecting = False
        self._not_before = 0.0

    async def claim(self, key: str, expires_at: int) -> bool:
        """Whether nobody has set this mark before; it stays until `expires_at` (unix seconds).
        Raises MarksUnavailable."""
        connection = self._connection
        if connection is None or connection.is_lost:
            connection = await self._connected()
        heard = await connection.ask("SET", key, "1", "NX", "EXAT", str(expires_at))
        if heard not in (b"+OK", b"$-1"):
            connection.give_up()
            raise MarksUnavailable("an answer that was not expected")
        return heard == b"+OK"

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.give_up()

    async def _connected(self) -> "_Connection":
        if self._connecting or time.monotonic() < self._not_before:
            raise MarksUnavailable("not connected")
        self._connecting, self._not_before = True, time.monotonic() + RECONNECT_PAUSE_S
        try:
            async with asyncio.timeout(TIMEOUT_S):
                self._connection = await _connect(self._url())
        except (OSError, ValueError, TimeoutError) as error:
            raise MarksUnavailable("not connected") from error
        finally:
            self._connecting = False
        return self._connection


class _Connection(asyncio.Protocol):
    """Questions and answers, in order. One timer for all of them gives the connection up when the
    eldest has waited for TIMEOUT_S, or twice that at the most."""

    def __init__(self) -> None:
        self.is_lost = False
        self._watch: asyncio.TimerHandle | None = None
        self._answered = 0  # questions so far
        self._transport: asyncio.Transport | None = None
        self._awaited: deque[asyncio.Future[bytes]] = deque()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of another class

    async def ask(self, *words: str) -> bytes:
        """The line that answers. Raises MarksUnavailable."""
        if self._transport is None or self.is_lost or len(self._awaited) >= WAITING_MAX:
            raise MarksUnavailable("no connection, or too many wait")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        self._awaited.append(answer)
        if self._watch is None:
            self._watch = loop.call_later(TIMEOUT_S, self._look, self._answered)
        coded = [word.encode() for word in words]
        self._transport.write(
            b"*%d\r\n" % len(coded) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in coded)
        )
        return await answer

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            if not self._awaited:
                self.give_up()
                return
            answer = self._awaited.popleft()
            self._answered += 1
            if not answer.done():  # whoever asked may have gone
                answer.set_result(line)

    def _look(self, answered: int) -> None:
        """Whether something was answered since `answered` questions had been."""
        self._watch = None
        if self._awaited and self._answered == answered:
            self.give_up()
        elif self._awaited:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(TIMEOUT_S, self._look, self._answered)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self.give_up()

    def give_up(self) -> None:
        """Hang up; whoever still waits is told."""
        self.is_lost = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._transport is not None:
            self._transport.abort()
        while self._awaited:
            answer = self._awaited.popleft()
            if not answer.done():
                answer.set_exception(MarksUnavailable("the connection was lost"))


async def _connect(url: str) -> _Connection:
    """Raises OSError, ValueError for a kind of URL that is for the library."""
    place: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call] # redis types it so
    if place.get("connection_class") is SSLConnection:
        raise ValueError("TLS is for the library")
    loop = asyncio.get_running_loop()
    if "path" in place:
        _, connection = await loop.create_unix_connection(_Connection, place["path"])
    else:
        host, port = place.get("host", "localhost"), place.get("port", 6379)
        _, connection = await loop.create_connection(_Connection, host, port)
    try:
        await _greet(connection, place)
    except BaseException:  # out of time, too: nobody else knows of the socket
        connection.give_up()
        raise
    return connection


async def _greet(connection: _Connection, place: dict[str, Any]) -> None:
    """Raises OSError, MarksUnavailable."""
    greetings = []
    if "password" in place:
        user = (place["username"],) if place.get("username") else ()
        greetings.append(("AUTH", *user, place["password"]))
    if place.get("db"):
        greetings.append(("SELECT", str(place["db"])))
    for greeting in greetings:
        if await connection.ask(*greeting) != b"+OK":
            raise OSError("Valkey does not take the credentials")
