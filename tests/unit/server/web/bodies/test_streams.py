"""The end of a request that comes in slowly, and of an answer that is too large to be held."""

import asyncio

import pytest

from server.web.bodies import streams
from server.web.bodies.chunks import HELD_MAX_BYTES, PIECE_BYTES
from server.web.bodies.streams import (
    Answer,
    ChunkedBody,
    ClientDisconnected,
    Message,
    held,
    run_application,
)


def dripping(size: int, count: int) -> streams.Receive:
    """A client that sends pieces of `size` bytes with pauses, `count` of them."""
    left = iter(range(count))

    async def receive() -> Message:
        await asyncio.sleep(0.02)
        is_last = next(left) == count - 1
        return {"type": "http.request", "body": b"x" * size, "more_body": not is_last}

    return receive


def received(receive: streams.Receive, ahead: bytes = b"") -> bytes:
    async def all_of_it() -> bytes:
        return b"".join([piece async for piece in ChunkedBody(receive, ahead).remaining()])

    return asyncio.run(all_of_it())


def test_who_drips_an_upload_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "IDLE_S", 0.1)
    with pytest.raises(ClientDisconnected, match="too slowly"):
        received(dripping(1, 100))


def test_who_is_merely_slow_gets_through() -> None:
    assert len(received(dripping(1000, 40), b"ahead")) == 40_005


def test_a_thread_reads_what_is_there_and_waits_for_nothing() -> None:
    async def never() -> Message:
        raise AssertionError

    body = ChunkedBody(never, b"ahead")
    assert body.read(100) == b"ahead"
    with pytest.raises(ClientDisconnected, match="on its way"):
        body.read(1)


def test_a_large_answer_is_kept_in_a_file() -> None:
    body = bytes(range(256)) * (HELD_MAX_BYTES // 256 + 1)
    answer = held(Answer(200, [], body))
    assert answer.rest is not None
    assert len(answer.body) == PIECE_BYTES
    assert answer.headers == [("Content-Length", str(len(body)))]
    rest = b"".join(iter(answer.rest.next, b""))
    assert answer.body + rest == body


def test_a_streamed_answer_of_one_piece_is_a_short_one() -> None:
    def app(_environ, start_response):
        start_response("200 OK", [])
        return iter([b"a", b"b"])

    assert run_application(app, {"REQUEST_METHOD": "GET"}) == Answer(200, [], b"ab")
