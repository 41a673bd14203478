"""Connections on which nothing is asked are closed; those that rest between requests are kept.

And what a head may be, what an answer to an older client is, and who is given up.
"""

import asyncio
import json
import socket
import threading
import time
from typing import Any

import pytest

from hosting.limits import Budget, RateLimitExceeded
from server.web.connections.http_protocol import (
    CHUNK_MIN_BYTES,
    CHUNKS_FREE,
    HANDSHAKE_LINE_MAX_BYTES,
    HEAD_BYTES,
    HEADERS,
    PIPELINED_MAX,
    HttpProtocol,
)
from server.web.connections.request_cycle import WHOLE
from tests.unit.server.web.connections.test_websocket_protocol import HANDSHAKE, batches_of, served

START = b"GET / HTTP/1.1\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Impatient(HttpProtocol):
    headers_s = 1.0
    stalled_s = 1.0


async def hello(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def is_closed_within(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return connection.recv(1000) == b""
    except TimeoutError:
        return False


@pytest.mark.long
@pytest.mark.parametrize("sent", [b"", b"GET / HT", REQUEST[:-2], REQUEST + b"GET"])
def test_who_never_finishes_asking_is_hung_up_on(sent: bytes) -> None:
    with (
        served(hello, http=Impatient) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(sent)
        if sent.startswith(REQUEST):
            assert client.recv(1000).startswith(b"HTTP/1.1 204")
        assert is_closed_within(client, 60)


@pytest.mark.long
def test_who_rests_between_requests_is_kept() -> None:
    with (
        served(hello, http=Impatient) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        for _ in range(2):
            client.sendall(REQUEST)
            assert client.recv(1000).startswith(b"HTTP/1.1 204")
            time.sleep(1.5)


def test_a_reader_of_the_firehose_is_kept() -> None:
    with (
        served(batches_of([b"x"]), http=Impatient) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(HANDSHAKE)
        assert client.recv(1000).startswith(b"HTTP/1.1 101")


def headers(count: int) -> bytes:
    return START + b"".join(b"X-%d: 1\r\n" % number for number in range(count)) + b"\r\n"


def head_of(size: int) -> bytes:
    return START + b"X: ".ljust(size - len(START) - 4, b"a") + b"\r\n\r\n"


def answer_to(sent: bytes, app=hello) -> bytes:
    """All that comes until the server hangs up."""
    with (
        served(app, http=Impatient, lifespan="off", timeout_keep_alive=1) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as client,
    ):
        client.sendall(sent)
        return b"".join(iter(lambda: client.recv(1_000_000), b""))


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /".ljust(HEAD_BYTES + 1, b"a"),
        (START + b"X: ").ljust(HEAD_BYTES + 1, b"a"),
        (START + b"X").ljust(HEAD_BYTES + 1, b"a"),
        head_of(HEAD_BYTES + 1),
        b"\r\n" * HEAD_BYTES,
        headers(HEADERS + 1),
        HANDSHAKE[:-2] + b"X: ".ljust(HEAD_BYTES, b"a"),
        HANDSHAKE[:-2] + b"X: ".ljust(HANDSHAKE_LINE_MAX_BYTES + 10, b"a") + b"\r\n\r\n",
        HANDSHAKE.replace(b"/", b"/".ljust(HANDSHAKE_LINE_MAX_BYTES + 10, b"a"), 1),
    ],
)
def test_a_head_beyond_the_limit_is_refused(sent: bytes) -> None:
    assert answer_to(sent).startswith(b"HTTP/1.1 431")


@pytest.mark.long
@pytest.mark.parametrize("sent", [headers(HEADERS), head_of(HEAD_BYTES)])
def test_a_head_at_the_limit_is_taken(sent: bytes) -> None:
    assert answer_to(sent).startswith(b"HTTP/1.1 204")


@pytest.mark.long
def test_each_request_of_a_connection_may_have_the_limit() -> None:
    assert answer_to(head_of(HEAD_BYTES - 9) * 3).count(b"HTTP/1.1 204") == 3


async def echo(_scope, receive, send) -> None:
    """Answers with the body once that is there."""
    whole, more = b"", True
    while more:
        message = await receive()
        whole, more = whole + message.get("body", b""), message.get("more_body", False)
    head = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
    await send(head)
    await send({"type": "http.response.body", "body": whole})


@pytest.mark.parametrize(
    "behind",
    [
        b"0\r\nX: ".ljust(2 * HEAD_BYTES, b"a"),
        b"0\r\n" + b"X: 1\r\n" * (HEADERS + 1),
        b"1;".ljust(2 * HEAD_BYTES, b"a"),
    ],
)
def test_trailers_and_extensions_of_chunks_have_the_same_limit(behind: bytes) -> None:
    assert answer_to(CHUNKED + b"1\r\nx\r\n" + behind, echo).startswith(b"HTTP/1.1 431")


@pytest.mark.long
def test_trailers_are_no_headers() -> None:
    async def late(scope, receive, send) -> None:
        await echo(scope, receive, send)
        seen.extend(scope["headers"])

    seen: list[tuple[bytes, bytes]] = []
    assert b"xyz" in answer_to(CHUNKED + b"3\r\nxyz\r\n0\r\nHost: evil\r\n\r\n", late)
    assert [name for name, _ in seen] == [b"transfer-encoding"]


@pytest.mark.long
def test_a_body_may_be_longer_than_a_head() -> None:
    size = 3 * HEAD_BYTES
    sent = START + b"Content-Length: %d\r\n\r\n" % size + b"x" * size
    assert answer_to(sent, echo).count(b"x") == size


def test_who_asks_without_end_before_the_first_answer_is_hung_up_on() -> None:
    async def never(_scope, receive, _send) -> None:
        heard.append("asked")
        while (await receive())["type"] != "http.disconnect":
            pass
        heard.append("left")

    heard: list[str] = []
    assert answer_to((START + b"\r\n") * (PIPELINED_MAX + 2), never) == b""
    assert heard == ["asked", "left"]


@pytest.mark.long
def test_who_goes_on_with_a_body_after_the_answer_is_hung_up_on() -> None:
    sent = START + b"Content-Length: 100\r\n\r\nx"
    assert answer_to(sent).startswith(b"HTTP/1.1 204")


async def streamed(_scope, _receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"one", b"", b"two"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"three"})


@pytest.mark.parametrize("version", [b"1.0", b"0.9", b"2.0"])
@pytest.mark.parametrize("more", [b"", b"Connection: keep-alive\r\n"])
def test_an_answer_of_unknown_length_ends_with_the_connection(version: bytes, more: bytes) -> None:
    head, _, body = answer_to(b"GET / HTTP/%b\r\n%b\r\n" % (version, more), streamed).partition(
        b"\r\n\r\n"
    )
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == b"onetwothree"


@pytest.mark.long
def test_chunks_are_for_those_who_know_them() -> None:
    assert b"transfer-encoding: chunked" in answer_to(REQUEST, streamed)


def test_who_knows_no_chunks_sees_that_an_answer_broke_off() -> None:
    async def breaking(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})

    with pytest.raises(ConnectionResetError):
        answer_to(b"GET / HTTP/1.0\r\n\r\n", breaking)


class Flood:
    """Writes for ever; notes that its client was given up."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    async def __call__(self, _scope, receive, send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        leaving = asyncio.ensure_future(receive())
        while not leaving.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            await asyncio.sleep(0)
        self.ended.set()


@pytest.mark.long
def test_who_takes_nothing_of_an_answer_is_given_up() -> None:
    flood = Flood()
    with (
        served(flood, http=Impatient, lifespan="off") as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as client,
    ):
        client.sendall(REQUEST)
        assert flood.ended.wait(60)


@pytest.mark.parametrize(
    ("asked", "is_kept"), [(REQUEST, True), (REQUEST[:-2] + b"Connection: close\r\n\r\n", False)]
)
def test_a_whole_answer_is_sent_at_once(asked: bytes, is_kept: bool) -> None:
    async def whole(scope, receive, send) -> None:
        assert WHOLE in scope["extensions"]
        head = b"content-length: 2\r\nx: y\r\n"
        await send({"type": WHOLE, "status": 200, "head": head, "body": b"hi"})

    with (
        served(whole, http=HttpProtocol, lifespan="off") as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as client,
    ):
        for _ in range(2 if is_kept else 1):
            client.sendall(asked)
            answer = client.recv(10_000)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"content-length: 2\r\nx: y\r\n\r\nhi")
            assert (b"\r\nconnection: close\r\n" in answer) != is_kept
        assert is_kept or is_closed_within(client, 60)


def test_a_handshake_that_would_be_refused_is_answered_without_its_parser() -> None:
    def refusal_of(scope: dict[str, Any]) -> RateLimitExceeded:
        assert (scope["type"], scope["path"]) == ("websocket", "/")
        return RateLimitExceeded(Budget(1, 60), int(time.time()) + 60)

    async def refusing(_scope, _receive, _send) -> None:
        raise AssertionError

    refusing.refusal_of = refusal_of  # type: ignore[attr-defined]
    head, _, body = answer_to(HANDSHAKE, refusing).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 429")
    assert b"Retry-After: " in head
    assert json.loads(body)["error"] == "RateLimitExceeded"


@pytest.mark.parametrize("more", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
def test_a_handshake_with_a_body_is_refused(more: bytes) -> None:
    sent = HANDSHAKE[:-2] + more + b"\r\n\r\nhello"
    assert answer_to(sent).startswith(b"HTTP/1.1 400")


def test_a_body_of_crumbs_is_refused() -> None:
    crumbs = b"1\r\nx\r\n" * (CHUNKS_FREE + CHUNKS_FREE // CHUNK_MIN_BYTES + 10)
    assert answer_to(CHUNKED + crumbs, echo).startswith(b"HTTP/1.1 400")


@pytest.mark.long
def test_a_body_in_small_pieces_is_taken() -> None:
    few, many = b"1\r\nx\r\n" * (CHUNKS_FREE - 1), b"40\r\n" + b"x" * 64 + b"\r\n"
    for body in (few, many * 5 * CHUNKS_FREE):
        assert answer_to(CHUNKED + body + b"0\r\n\r\n", echo).startswith(b"HTTP/1.1 200")
