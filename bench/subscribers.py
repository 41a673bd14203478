"""Subscribers that cost little: they count messages by the heads of WebSocket frames.

A process with all of them; what is in a message is looked at by none, so that many can be fed by a
machine that has other things to do. How many each must get is known beforehand.
"""

import asyncio
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import cast

import uvloop

HOST = "relay.localhost"
SLOW_PAUSE_S = 4.0
ALL_WITHIN_S = 120.0
SLOW_WITHIN_S = 30.0


@dataclass(frozen=True)
class Stream:
    """What one subscribes to, and how many messages it must get; a slow one must be cut off."""

    path: str
    count: int
    is_slow: bool = False


@dataclass(frozen=True)
class Told:
    """What came of all of them."""

    messages: int
    lost: int


def firehoses(count: int, commits: int) -> list[Stream]:
    """So many of the firehose, and two slow ones."""
    path = "/xrpc/com.atproto.sync.subscribeRepos"
    return [Stream(path, commits)] * count + [Stream(path, 0, is_slow=True)] * 2


def json_streams(count: int, collections: Sequence[str], share: int, commits: int) -> list[Stream]:
    """So many JSON streams, a fifth of each kind: all in both versions, one collection, a prefix
    of two, one compressed; and two slow ones. Of each collection there are `share` commits."""
    from repos.events.json_streams import compression  # noqa: PLC0415 - with settings

    dictionary = compression.dictionary().dict_id()
    v1, v2 = "/subscribe?x=", "/xrpc/network.bsky.jetstream.subscribeEvents?x="
    kinds = [
        Stream(v1, commits),
        Stream(f"{v2}&kinds=commit", commits),
        Stream(f"{v1}&wantedCollections={collections[0]}", share),
        Stream(f"{v2}&collections=app.bsky.feed.*", 2 * share),
        Stream(f"{v1}&zstdDictionary={dictionary}", commits),
    ]
    slow = [Stream(v1, 0, is_slow=True), Stream(v2, 0, is_slow=True)]
    return [kinds[number % len(kinds)] for number in range(count)] + slow


class _Subscriber(asyncio.Protocol):
    """One connection: counts, and notes how it was closed."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.count = 0
        self.closed = ""
        self.is_open = asyncio.Event()
        self.is_done = asyncio.Event()
        self._left = b""
        self._skip = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(
            f"GET {self.stream.path} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.is_open.is_set():
            data = self._left + data
            head, ends, data = data.partition(b"\r\n\r\n")
            self._left = b"" if ends else head
            if not ends:
                return
            if b" 101 " not in head:
                raise SystemExit(f"{self.stream.path}: {head!r} {data!r}")
            self.is_open.set()
        self._walk(data)
        if self.stream.is_slow:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(SLOW_PAUSE_S, self._resume)
        if self.count >= self.stream.count and not self.stream.is_slow:
            self.is_done.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = self.closed or f"cut: {exc}"
        self.is_done.set()

    def _resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _walk(self, data: bytes) -> None:
        """From the head of one frame to the next."""
        data = self._left + data if self._left else data
        at, size = self._skip, len(data)
        while at + 10 <= size or (
            at + 2 <= size and data[at + 1] < 126 and at + 2 + data[at + 1] <= size
        ):
            kind, length = data[at] & 15, data[at + 1] & 127
            start = at + 2
            if length == 126:
                length, start = struct.unpack_from(">H", data, at + 2)[0], at + 4
            elif length == 127:
                length, start = struct.unpack_from(">Q", data, at + 2)[0], at + 10
            if kind < 8:
                self.count += kind > 0
            elif start + length > size:
                break
            else:
                self._control(kind, data[start : start + length])
            at = start + length
        self._left, self._skip = (data[at:], 0) if at < size else (b"", at - size)

    def _control(self, kind: int, said: bytes) -> None:
        if kind == 9:
            masked = bytes([0x8A, 0x80 | len(said)]) + bytes(4) + said
            self._transport.write(masked)
        elif kind == 8:
            self.closed = f"{struct.unpack('>H', said[:2])[0]} {said[2:].decode()}"


def serve(port: int, streams: Sequence[Stream], pipe: Connection) -> None:
    """The process: says when all are connected, and what came of them."""
    uvloop.run(_run(port, streams, pipe))
    os._exit(0)


async def _run(port: int, streams: Sequence[Stream], pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    found = [_Subscriber(stream) for stream in streams]
    for each in found:
        await loop.create_connection(lambda each=each: each, "127.0.0.1", port)  # type: ignore[misc]
        await each.is_open.wait()
    pipe.send("connected")
    quick = [each for each in found if not each.stream.is_slow]
    slow = [each for each in found if each.stream.is_slow]
    await _wait(quick, ALL_WITHIN_S)
    lost = sum(each.stream.count - each.count for each in quick)
    messages = sum(each.count for each in quick)
    pipe.send(Told(messages, lost))
    await _wait(slow, SLOW_WITHIN_S)
    pipe.send([f"{each.count:,} messages, then {each.closed or 'still open'}" for each in slow])


async def _wait(found: Sequence[_Subscriber], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(each.is_done.wait() for each in found))
    except TimeoutError:
        return
