"""HTTP/1.1 and WebSockets for a load generator: loopback, one request at a time on a connection.

As little work a request as possible, because the generator shares the machine with the server:
requests are ready-made bytes, answers are parsed by httptools, frames are cut by their lengths.
"""

import asyncio
import base64
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httptools
import orjson

Take = Callable[[bytes], None]  # is given each message of a stream

LOOPBACK = "127.0.0.1"
TIMEOUT_S = 180.0
FIREHOSE = "com.atproto.sync.subscribeRepos"


class WrongAnswer(Exception):
    """The server did not say what it should have said."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, on the loopback interface alone."""

    port: int

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"


def request_bytes(  # noqa: PLR0913 - what a request consists of
    address: Address,
    nsid: str,
    params: Mapping[str, Any] | None = None,
    *,
    body: object = None,
    token: str = "",
    content_type: str = "application/json",
) -> bytes:
    """A whole request: GET, or POST when there is a body (bytes, or what orjson can write; `b""` is
    none). `token` is a bearer's, or the whole Authorization header."""
    path = nsid if nsid.startswith("/") else f"/xrpc/{nsid}"
    path += f"?{urlencode(params)}" if params else ""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"Host: {address.host}"]
    if token:
        lines.append(f"Authorization: {token if ' ' in token else f'Bearer {token}'}")
    if body is None:
        return ("\r\n".join(lines) + "\r\n\r\n").encode()
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    lines += [f"Content-Type: {content_type}"] if data else []
    lines.append(f"Content-Length: {len(data)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


class Connection(asyncio.Protocol):
    """A connection kept alive. `await exchange(request)` gives (status, body)."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser: Any = None
        self._pieces: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(WrongAnswer(f"the connection was lost: {exc}"))

    def on_body(self, data: bytes) -> None:
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._pieces)))

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        self._pieces = []
        self._parser = httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()


async def connect(address: Address) -> Connection:
    """A new connection."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, LOOPBACK, address.port)
    return connection


async def call(address: Address, nsid: str, *args: Any, **more: Any) -> Any:
    """One call on a connection of its own: the answer's JSON, or its bytes when it is none."""
    body = await call_bytes(address, nsid, *args, **more)
    return orjson.loads(body) if body[:1] in (b"{", b"[") else body


async def call_bytes(address: Address, nsid: str, *args: Any, **more: Any) -> bytes:
    """The same, not parsed. Raises WrongAnswer unless the status is 200."""
    connection = await connect(address)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            status, body = await connection.exchange(request_bytes(address, nsid, *args, **more))
    finally:
        connection.close()
    if status != 200:
        raise WrongAnswer(f"{nsid}: {status} {body[:200]!r}")
    return body


async def subscribe(
    address: Address, cursor: int | None, take: Take, nsid: str = FIREHOSE
) -> asyncio.StreamWriter:
    """Follow a stream: `take(message)` is called for each. Close the writer to end."""
    reader, writer = await _opened(address, cursor, nsid)
    _in_background(_messages(reader, writer, take))
    return writer


async def subscribe_bytes(
    address: Address, cursor: int | None, take: Take, nsid: str
) -> asyncio.StreamWriter:
    """Follow a stream for less than a ping's period: `take(data)` is called for what came, frames
    as they are on the wire. It costs a tenth of `subscribe`."""
    reader, writer = await _opened(address, cursor, nsid)

    async def pieces() -> None:
        while data := await reader.read(1 << 20):
            take(data)

    _in_background(pieces())
    return writer


async def _opened(
    address: Address, cursor: int | None, nsid: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(LOOPBACK, address.port, limit=1 << 22)
    path = f"/xrpc/{nsid}" + ("" if cursor is None else f"?cursor={cursor}")
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    lines = [f"GET {path} HTTP/1.1", f"Host: {address.host}", "Upgrade: websocket"]
    lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head:
        raise WrongAnswer(f"{nsid}: {head[:100]!r}")
    return reader, writer


def _in_background(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _following.add(task)
    task.add_done_callback(_following.discard)


_following: set[asyncio.Task[None]] = set()  # the event loop alone would let them go


async def _messages(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    take: Take,
) -> None:
    """RFC 6455 section 5.2, as far as servers of the firehose use it."""
    buffer = b""
    while data := await reader.read(1 << 20):
        buffer += data
        at = 0
        while (cut := _frame(buffer, at)) is not None:
            opcode, start, at = cut
            if opcode == 2:
                take(buffer[start:at])
            elif opcode == 9:
                writer.write(b"\x8a\x80" + bytes(4))  # a pong without words
        buffer = buffer[at:]


_LONGER = {126: 2, 127: 8}  # so many bytes of length follow


def _frame(buffer: bytes, at: int) -> tuple[int, int, int] | None:
    """Opcode, start and end of the frame at `at`, when it is there whole."""
    if len(buffer) < at + 2:
        return None
    size, start = buffer[at + 1], at + 2
    if size in _LONGER:
        start += _LONGER[size]
        if len(buffer) < start:
            return None
        size = int.from_bytes(buffer[at + 2 : start], "big")
    return (buffer[at] & 15, start, start + size) if len(buffer) >= start + size else None
