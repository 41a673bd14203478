"""HTTP through the bridge over a real socket: whole and streamed, in both directions."""

import http.client
import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from server.web.asgi_bridge import BATCHED_MAX_BYTES
from server.web.bodies import long_responses
from server.web.bodies import streams as wire
from server.web.bodies.buffered_bytes import SMALL_BYTES, BufferBudget, BufferedBody
from server.web.bodies.chunks import PIECE_BYTES
from server.web.bodies.streams import ChunkedBody
from server.web.deferred_response import Exchange
from server.web.threads import named_pools
from server.web.wsgi_environ import IS_BUSY
from tests.unit.server.web.servers import served

Start = Callable[..., Any]
CLOSED = threading.Event()


def echo(environ: dict[str, Any], start: Start) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start("200 OK", [("X-Kind", type(environ["wsgi.input"]).__name__)])
    return [environ.get("CONTENT_LENGTH", "none").encode(), b" ", body]


class Handed(list[bytes]):
    """A response without an answer yet: its responder says back what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.responder = self

    async def respond(self, exchange: Exchange) -> None:
        assert isinstance(exchange.body, ChunkedBody)
        body = b"".join([piece async for piece in exchange.body.remaining()])
        await exchange.answer(200, [], b"%d " % len(body) + body)


def received(environ: dict[str, Any], start: Start) -> Handed:
    start("200 OK", [])
    return Handed()


def large(environ: dict[str, Any], start: Start) -> list[bytes]:
    start("200 OK", [])
    return [bytes(range(256)) * 20_000]


def drip(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
    start("200 OK", [])
    return (b"%7d\n" % number for number in range(100_000))


def endless(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
    start("200 OK", [])
    return _endless()


def _endless() -> Iterator[bytes]:
    try:
        while True:
            yield b"x" * 65_536
    finally:
        CLOSED.set()


def breaking(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
    start("200 OK", [("Content-Length", str(2 * PIECE_BYTES))])
    return _breaking()


def _breaking() -> Iterator[bytes]:
    yield b"h" * PIECE_BYTES
    raise RuntimeError("the database went away")


class Snapshot:
    """An answer without an end that is read from a snapshot of the database."""

    is_snapshot = streaming = True

    def __iter__(self) -> Iterator[bytes]:
        return _endless()


def snapshot(environ: dict[str, Any], start: Start) -> Snapshot:
    start("200 OK", [])
    return Snapshot()


def failing(environ: dict[str, Any], start: Start) -> list[bytes]:
    raise RuntimeError("before anything was said")


def early(environ: dict[str, Any], start: Start) -> list[bytes]:
    start("401 Unauthorized", [])
    return [b"no"]


def crowd(environ: dict[str, Any], start: Start) -> list[bytes]:
    """Takes a thread until somebody is refused."""
    if IS_BUSY in environ:
        start("503 Service Unavailable", [])
        CLOSED.set()
        return [b"a page: too much, and no body: " + environ["wsgi.input"].read()]
    CLOSED.wait(60)
    start("200 OK", [])
    return [b"served"]


def app(environ: dict[str, Any], start: Start) -> Any:
    applications = {"echo": echo, "drip": drip, "endless": endless, "breaking": breaking,
             "failing": failing, "early": early, "thread": thread,
             "received": received, "large": large, "snapshot": snapshot,
             "crowd": crowd}  # fmt: skip
    return applications[environ["PATH_INFO"].strip("/")](environ, start)


def thread(environ: dict[str, Any], start: Start) -> list[bytes]:
    start("200 OK", [])
    return [threading.current_thread().name.rpartition("-")[0].encode()]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(app) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    yield connection
    connection.close()


def asked(client: http.client.HTTPConnection, *request: Any, **more: Any) -> tuple[Any, bytes]:
    client.request(*request, **more)
    response = client.getresponse()
    return response, response.read()


def test_a_short_body_arrives_whole_and_with_its_length(client: http.client.HTTPConnection) -> None:
    response, body = asked(client, "POST", "/echo", b"hello")
    assert (response.status, body) == (200, b"5 hello")
    assert response.headers["X-Kind"] == io.BytesIO.__name__


def test_a_whole_answer_says_its_length(client: http.client.HTTPConnection) -> None:
    response, body = asked(client, "POST", "/echo", b"hello")
    assert response.headers["Content-Length"] == str(len(body))


def test_no_body_is_an_empty_body(client: http.client.HTTPConnection) -> None:
    assert asked(client, "GET", "/echo")[1] == b"none "


def test_a_long_body_is_received_without_a_thread(client: http.client.HTTPConnection) -> None:
    sent = bytes(range(256)) * 20_000
    _, body = asked(client, "POST", "/received", sent)
    assert body == b"%d " % len(sent) + sent


@pytest.mark.parametrize(("path", "count"), [("/echo", 3), ("/received", 40)])
def test_a_chunked_body_arrives_whole(
    client: http.client.HTTPConnection, path: str, count: int
) -> None:
    pieces = [bytes([number]) * 65_536 for number in range(count)]
    _, body = asked(client, "POST", path, iter(pieces), encode_chunked=True,
                    headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert body == b"%d " % (count * 65_536) + b"".join(pieces)


@pytest.mark.parametrize("more", [b"Content-Length: 100\r\n\r\nabc",
                                  b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
                                  b"Content-Length: 9000000\r\n\r\nabc",
                                  b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"])  # fmt: skip
def test_a_body_that_stands_still_is_a_408_and_the_end(
    port: int, more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "IDLE_S", 0.2)
    path = b"received" if b"9000000" in more else b"echo"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"POST /%b HTTP/1.1\r\nHost: x\r\n" % path + more)
        answer = b"".join(iter(lambda: client.recv(1000), b""))
    assert answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer


def test_a_thread_does_not_wait_for_a_body(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nabc")
        assert client.recv(100).startswith(b"HTTP/1.1 408")


def test_a_large_answer_that_is_all_there_arrives_whole(client: http.client.HTTPConnection) -> None:
    response, body = asked(client, "GET", "/large")
    assert response.headers["Content-Length"] == str(len(body))
    assert body == bytes(range(256)) * 20_000


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_readers_who_take_nothing_hold_no_thread(
    port: int, client: http.client.HTTPConnection, path: str
) -> None:
    with ExitStack() as stack:
        for _ in range(12):  # three times the pool's threads
            reader = socket.create_connection(("127.0.0.1", port), timeout=60)
            stack.enter_context(reader)
            reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            reader.recv(1)
        assert asked(client, "POST", "/echo", b"still here")[1] == b"10 still here"


def test_a_streamed_answer_arrives_whole_and_in_order(client: http.client.HTTPConnection) -> None:
    response, body = asked(client, "GET", "/drip")
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert body == b"".join(b"%7d\n" % number for number in range(100_000))


@pytest.mark.parametrize("path", ["/echo", "/drip", "/endless"])
def test_head_gets_the_headers_and_no_body(client: http.client.HTTPConnection, path: str) -> None:
    response, body = asked(client, "HEAD", path)
    assert (response.status, body) == (200, b"")


def test_an_answer_before_the_upload_ends_does_not_wait_for_it(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\nabc")
        assert client.recv(100).startswith(b"HTTP/1.1 401")


def test_a_slow_reader_holds_the_answer_back_and_leaving_closes_it(port: int) -> None:
    CLOSED.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1000)
        assert not CLOSED.wait(0.3)
    assert CLOSED.wait(60)


def test_a_reader_who_leaves_within_the_upload_frees_the_thread(
    port: int, client: http.client.HTTPConnection, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(8):  # twice the pool's threads
        with socket.create_connection(("127.0.0.1", port), timeout=60) as leaving:
            leaving.sendall(
                b"POST /received HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nabc"
            )
            time.sleep(0.02)
    assert asked(client, "POST", "/echo", b"still here")[1] == b"10 still here"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_an_answer_that_breaks_off_is_seen_to_break_off(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/breaking")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        client.getresponse().read()


def test_a_failure_before_the_answer_is_a_bare_500(client: http.client.HTTPConnection) -> None:
    response, body = asked(client, "GET", "/failing")
    assert (response.status, body) == (500, b"Internal Server Error")


def test_a_huge_header_is_refused(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/echo", headers={"X-Big": "a" * 40_000})
    assert client.getresponse().status == 431


def test_head_of_a_streamed_answer_claims_no_length(client: http.client.HTTPConnection) -> None:
    client.request("HEAD", "/drip")
    answer = client.getresponse()
    assert (answer.read(), answer.getheader("Content-Length")) == (b"", None)


SMALL, LARGE = b"x" * BATCHED_MAX_BYTES, b"x" * (BATCHED_MAX_BYTES + 1)
WRITES = {
    "small": (SMALL, {}, b"write"),
    "large": (LARGE, {}, b"large_write"),
    "larger than what is held": (b"x" * 1_100_000, {}, b"large_write"),
    "large, in chunks": (iter([SMALL, LARGE]), {}, b"large_write"),
    "small, in chunks": (iter([b"x", b"y"]), {}, b"write"),
    "packed": (b"x", {"Content-Encoding": "gzip"}, b"large_write"),
}


@pytest.mark.parametrize(("body", "headers", "pool"), WRITES.values(), ids=WRITES)
def test_a_write_that_may_be_large_is_not_batched(body: Any, headers: Any, pool: bytes) -> None:
    with served(app, pool="write") as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        _, name = asked(client, "POST", "/thread", body, headers=headers)
        client.close()
    assert name == pool


def test_bodies_and_answers_beyond_the_bound_of_what_is_held_are_whole(
    client: http.client.HTTPConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BufferBudget, "has_room_for", lambda _held, size: size <= SMALL_BYTES)
    sent = bytes(range(256)) * 2_000
    response, body = asked(client, "POST", "/echo", sent)
    assert body == b"%d " % len(sent) + sent
    assert response.headers["Content-Length"] == str(len(body))


def test_an_answer_that_cannot_wait_on_a_disk_that_is_nearly_full_is_507(
    client: http.client.HTTPConnection, settings: Settings
) -> None:
    settings.FREE_SPACE_BYTES = 2**62
    response, body = asked(client, "GET", "/large")
    assert (response.status, json.loads(body)["error"]) == (507, "InsufficientStorage")


def test_a_body_that_has_no_room_anywhere_is_read_to_its_end_and_507(
    client: http.client.HTTPConnection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FREE_SPACE_BYTES = 2**62
    monkeypatch.setattr(BufferedBody, "is_counted", lambda _body: False)
    response, body = asked(client, "POST", "/echo", b"x" * 900_000)
    assert (response.status, json.loads(body)["error"]) == (507, "InsufficientStorage")
    settings.FREE_SPACE_BYTES = 0
    assert asked(client, "POST", "/echo", b"still here")[1] == b"10 still here"


def test_a_slow_reader_of_a_snapshot_is_cut_off_when_the_disk_is_nearly_full(
    client: http.client.HTTPConnection,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.FREE_SPACE_BYTES = 2**62
    monkeypatch.setattr(long_responses, "SPILL_AFTER_S", -1.0)
    client.request("GET", "/snapshot")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        client.getresponse().read()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_page_that_queued_too_long_is_told_so_by_the_application(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(named_pools.QUEUES_S, "slow", 0.1)
    CLOSED.clear()
    with served(app, pool="slow") as port, ThreadPoolExecutor(3) as people:

        def send(_number: int) -> tuple[int, bytes]:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            response, body = asked(client, "POST", "/crowd", b"form")
            return response.status, body

        answers = sorted(people.map(send, range(3)))
    assert answers[-1] == (503, b"a page: too much, and no body: ")
    assert answers[0] == (200, b"served")
