"""The real protocol under a real uvicorn, and readers made of bare sockets."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from websockets.sync.client import connect

from server.web.connections.websocket_protocol import BATCHES, StreamProtocol

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SIZES = [0, 1, 125, 126, 65_535, 65_536, 300_000]


class Impatient(StreamProtocol):
    stalled_s = 1.5


@contextmanager
def served(app: Callable[..., object], **options: object) -> Iterator[int]:
    """The port of a server that runs in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        ws=Impatient,
        ws_per_message_deflate=False,
        log_config=None,
        proxy_headers=False,
        **options,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()
        assert not thread.is_alive()


def batches_of(batch: list[bytes], *, is_text: bool = False) -> Callable[..., object]:
    async def app(scope, receive, send) -> None:
        assert BATCHES in scope["extensions"]
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "batch": batch, "is_text": is_text})
        await send({"type": "websocket.close"})
        await receive()

    return app


def test_a_batch_arrives_as_messages_of_every_length() -> None:
    batch = [bytes([number]) * size for number, size in enumerate(SIZES)]
    with served(batches_of(batch)) as port, connect(f"ws://127.0.0.1:{port}/") as reader:
        assert list(reader) == batch


def test_a_batch_of_text_arrives_as_text() -> None:
    batch = ['{"a":"ü"}'.encode(), b"{}"]
    with (
        served(batches_of(batch, is_text=True)) as port,
        connect(f"ws://127.0.0.1:{port}/") as reader,
    ):
        assert list(reader) == ['{"a":"ü"}', "{}"]


class Flood:
    """Sends for ever, and notes how much it got rid of and how it ended."""

    sent_bytes = 0
    ended: BaseException | None = None
    ended_at = 0.0

    async def __call__(self, scope, receive, send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        batch = [b"x" * 10_000] * 64
        try:
            while True:
                await send({"type": "websocket.send", "batch": batch, "is_text": False})
                self.sent_bytes += 640_000
                await asyncio.sleep(0)
        except OSError as gone:
            self.ended, self.ended_at = gone, time.monotonic()


@pytest.mark.long
def test_a_reader_that_stops_reading_is_cut_off_and_fills_no_memory() -> None:
    flood = Flood()
    with served(flood) as port, socket.create_connection(("127.0.0.1", port)) as stalled:
        began = time.monotonic()
        stalled.sendall(HANDSHAKE)
        while flood.ended is None and time.monotonic() < began + 60:
            time.sleep(0.02)
        assert flood.ended is not None
    # What the kernel takes for a socket, on both sides, is all that was ever handed over.
    assert flood.sent_bytes < 20_000_000
    assert flood.ended_at - began < 60


def test_a_reader_that_pauses_and_goes_on_is_kept() -> None:
    flood = Flood()
    with served(flood) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(HANDSHAKE)
        for _ in range(6):
            time.sleep(0.1)
            left = 10_000_000
            while left > 0:
                left -= len(slow.recv(1_000_000))
        assert flood.ended is None


def test_an_upgrade_that_is_refused_needs_no_scope() -> None:
    bad = HANDSHAKE.replace(b"Version: 13", b"Version: 7")
    with (
        served(batches_of([b"x"])) as port,
        socket.create_connection(("127.0.0.1", port)) as reader,
    ):
        reader.sendall(bad)
        assert reader.recv(1_000).startswith(b"HTTP/1.1 4")


async def _listening(_scope, receive, send) -> None:
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest.mark.parametrize("frame", [b"\x89\x80\0\0\0\0", b"\x82\xfe\x40\0\0\0\0\0" + b"x" * 16_384])
def test_a_reader_that_talks_without_end_is_cut_off(frame: bytes) -> None:
    with (
        served(_listening, lifespan="off") as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as reader,
    ):
        reader.sendall(HANDSHAKE)
        assert reader.recv(1_000).startswith(b"HTTP/1.1 101")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            reader.sendall(frame * (8_000_000 // len(frame)))


def test_a_reader_may_ping_now_and_then() -> None:
    with served(_listening, lifespan="off") as port, connect(f"ws://127.0.0.1:{port}/") as reader:
        for _ in range(50):
            assert reader.ping().wait(60)
