"""Subscribers of a firehose, a process of many: they count messages and do nothing else."""

import asyncio
import multiprocessing
import struct
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import uvloop

_PATH = "/xrpc/com.atproto.sync.subscribeRepos"
_BINARY, _PING, _PONG = 2, 9, 10


@dataclass
class Counted:
    """What subscribers have seen: messages and bytes of all, when the first and the last came."""

    messages: int = 0
    size: int = 0
    first_at: float = 0.0
    last_at: float = 0.0

    @property
    def took_s(self) -> float:
        return self.last_at - self.first_at


class Subscribers:
    """So many, each until it has `wanted` messages, or for ever when that is None."""

    def __init__(self, url: str, count: int, *, cursor: int | None = None) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=_read, args=(url, count, cursor, theirs), daemon=True
        )
        self._process.start()
        assert self._pipe.recv() == "connected"

    def wait(self, messages: int, within_s: float = 120.0) -> Counted:
        """Until there are so many in all. AssertionError when they do not come."""
        self._pipe.send(messages)
        assert self._pipe.poll(within_s), f"{messages} messages did not come"
        counted: Counted = self._pipe.recv()
        return counted

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()


def _read(url: str, count: int, cursor: int | None, pipe: Connection) -> None:
    uvloop.run(_subscribe(url, count, cursor, pipe))


async def _subscribe(url: str, count: int, cursor: int | None, pipe: Connection) -> None:
    loop, counted = asyncio.get_running_loop(), Counted()
    parts = urlsplit(url)
    query = "" if cursor is None else f"?cursor={cursor}"
    greeting = (
        f"GET {_PATH}{query} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()
    readers = []
    for _ in range(count):
        _, reader = await loop.create_connection(
            lambda: _Reader(greeting, counted), "127.0.0.1", parts.port
        )
        readers.append(reader)
    await asyncio.gather(*(reader.is_open for reader in readers))
    pipe.send("connected")
    while True:
        while not pipe.poll():
            await asyncio.sleep(0.01)
        wanted = pipe.recv()
        while counted.messages < wanted:
            await asyncio.sleep(0.01)
        pipe.send(counted)
        counted.messages = counted.size = 0
        counted.first_at = 0.0


class _Reader(asyncio.Protocol):
    """One subscriber."""

    def __init__(self, greeting: bytes, counted: Counted) -> None:
        self._greeting = greeting
        self._counted = counted
        self._rest = bytearray()
        self.is_open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.write(self._greeting)

    def connection_lost(self, exc: Exception | None) -> None:
        raise SystemExit(f"the relay hung up: {exc}")

    def data_received(self, data: bytes) -> None:
        rest, at = self._rest, 0
        rest += data
        if not self.is_open.done():
            if (end := rest.find(b"\r\n\r\n")) < 0:
                return
            assert rest.startswith(b"HTTP/1.1 101"), bytes(rest[:200])
            self.is_open.set_result(None)
            at = end + 4
        del rest[: self._count(rest, at)]

    def _count(self, rest: bytearray, at: int) -> int:
        """Count the messages that are there whole; where the first other one begins."""
        messages, begun, size = 0, at, len(rest)
        while at + 2 <= size:
            kind, length, start = rest[at] & 15, rest[at + 1] & 127, at + 2
            if length >= 126:
                start += 2 if length == 126 else 8
                if start > size:
                    break
                length = struct.unpack_from(">H" if length == 126 else ">Q", rest, at + 2)[0]
            if start + length > size:
                break
            if kind == _PING:
                self._transport.write(bytes([0x80 | _PONG, 0x80, 0, 0, 0, 0]))
            messages += kind == _BINARY
            at = start + length
        if messages:
            now, counted = time.monotonic(), self._counted
            counted.first_at = counted.first_at or now
            counted.last_at = now
            counted.messages += messages
            counted.size += at - begun
        return at
