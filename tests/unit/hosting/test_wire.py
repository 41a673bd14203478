"""The end of a request that comes in slowly."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from hosting import wire
from hosting.wire import ChunkedBody, Gone, Message


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def dripping(size: int, count: int) -> wire.Receive:
    """A client that sends pieces of `size` bytes with pauses, `count` of them."""
    left = iter(range(count))

    async def receive() -> Message:
        await asyncio.sleep(0.02)
        is_last = next(left) == count - 1
        return {"type": "http.request", "body": b"x" * size, "more_body": not is_last}

    return receive


def test_who_drips_an_upload_is_gone(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "IDLE_S", 0.1)
    with pytest.raises(Gone, match="too slowly"):
        ChunkedBody(loop, dripping(1, 100), b"").read()


def test_who_is_merely_slow_gets_through(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "IDLE_S", 1.0)
    assert len(ChunkedBody(loop, dripping(1000, 60), b"ahead").read() or b"") == 60_005


def carried(loop: asyncio.AbstractEventLoop, pause_s: float) -> None:
    """An answer of 40 small chunks, to a client that takes each after a pause."""

    async def send(_message: Message) -> None:
        await asyncio.sleep(pause_s)

    async def receive() -> Message:
        await asyncio.sleep(30)
        return {"type": "http.disconnect"}

    outlet = wire.Outlet(loop, receive, send, is_head=False)

    def app(_environ, start_response):
        start_response("200 OK", [])
        return (b"x" * wire.BATCH_BYTES * size for size in [1] * 40)

    outlet.carry(app, {"wsgi.input": None})


def test_who_drips_a_download_is_gone(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "IDLE_S", 0.1)
    monkeypatch.setattr(wire, "BATCH_BYTES", 10)
    with pytest.raises(Gone, match="too slowly"):
        carried(loop, 0.02)


def test_who_takes_a_download_at_a_walk_gets_it(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "IDLE_S", 1.0)
    monkeypatch.setattr(wire, "BATCH_BYTES", 2_000)
    carried(loop, 0.03)
