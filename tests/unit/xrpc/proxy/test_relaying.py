"""Plans carried out through the bridge, over real sockets: streams, refusals, slow and hostile
services, and threads that none of them holds."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from django.http import HttpRequest

from server.net.http_client import connection
from tests import upstreams
from tests.unit.server.web.servers import served
from tests.upstreams import Upstream, answering, raw, silent
from xrpc.proxy import encodings, relaying
from xrpc.proxy.destinations import Service
from xrpc.proxy.plans import Composed, Finish, Forwarded, Questions, Received
from xrpc.proxy.relaying import Relay
from xrpc.request.call import HandedOn
from xrpc.response import answers

ECHO = "com.example.echo"


class Reading(Finish):
    """Reads every success, and does with it what the test says."""

    def __init__(self, work: Callable[[Received], Any]) -> None:
        self.work = work

    def wants(self, status, headers):
        return status == 200

    def __call__(self, received):
        return self.work(received)


class App:
    """Hands every request on to the service, as `finish` wants it; but for `/quick`."""

    def __init__(self, service: Upstream) -> None:
        self.service = service
        self.finish: Finish | None = None
        self.plan: Any = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] == "/quick":
            start("200 OK", [])
            return [b"quick"]
        method, query = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
        service = Service(self.service.did, "x", self.service.url)
        body = None if method == "POST" else b""
        plan = self.plan or Forwarded(
            service, method, f"/xrpc/{ECHO}?{query}", {}, body, self.finish
        )
        response = answers.respond(HttpRequest(), HandedOn(Relay(plan)))
        response["X-Own"] = "yes"
        start("200 OK", list(response.items()))
        return response


@pytest.fixture
def service() -> Iterator[Upstream]:
    with upstreams.running() as running:
        yield running


@pytest.fixture
def app(service) -> App:
    return App(service)


@pytest.fixture
def port(app) -> Iterator[int]:
    with served(app) as port:
        yield port


@contextmanager
def answer(port: int, method: str = "GET", path: str = "/", body: Any = None, **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        is_stream = body is not None and not isinstance(body, bytes)
        connection.request(method, path, body, headers, encode_chunked=is_stream)
        yield connection.getresponse()
    finally:
        connection.close()


def got(port: int, *args: Any, **more: Any) -> tuple[int, bytes]:
    with answer(port, *args, **more) as response:
        return response.status, response.read()


def test_a_success_passes_as_it_is(port, service):
    service.answers(ECHO, answering({"n": 1}, content_language="de"))
    with answer(port, path="/?a=1&b=x%20y") as response:
        assert (response.status, response.read()) == (200, b'{"n":1}')
        assert response.headers["content-language"] == "de"
    assert service.last().target == f"/xrpc/{ECHO}?a=1&b=x%20y"


def test_headers_pass_by_name_alone(port, service):
    service.answers(
        ECHO, answering({}, set_cookie="a=b", server="x", atproto_repo_rev="3k", x_own="no")
    )
    with answer(port) as response:
        assert response.headers["set-cookie"] is None
        assert response.headers["atproto-repo-rev"] == "3k"
        assert response.headers.get_all("x-own") == ["yes"]


def test_a_coded_body_passes_untouched(port, service):
    body = encodings.packed(b"x" * 5000, "gzip")[0]
    service.answers(ECHO, answering(body, content_encoding="gzip"))
    with answer(port) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert response.read() == body


def test_a_question_for_the_head_gets_the_head(port, service):
    service.answers(ECHO, answering({"n": 1}))
    with answer(port, "HEAD") as response:
        assert (response.headers["content-length"], response.read()) == ("7", b"")


def test_a_body_passes_to_the_service(port, service):
    got(port, "POST", body=b"x" * 500_000)
    assert service.last().body == b"x" * 500_000


def test_a_large_body_passes_in_pieces_without_being_held(port, service):
    pieces = [b"y" * 100_000] * 50
    status, _ = got(port, "POST", body=iter(pieces), **{"Transfer-Encoding": "chunked"})
    assert status == 200
    assert service.last().headers["transfer-encoding"] == "chunked"
    assert len(service.last().body) == 5_000_000


def test_a_declared_length_passes_with_the_body(port, service):
    got(port, "POST", body=b"z" * 2_000_000)
    assert service.last().headers["content-length"] == "2000000"
    assert len(service.last().body) == 2_000_000


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        ("400 Bad", {"error": "Special", "message": "I said"}, (400, "Special", "I said")),
        ("404 No", {"error": "NotThere"}, (404, "NotThere", "Not Found")),
        ("429 No", {}, (429, "RateLimitExceeded", "Rate Limit Exceeded")),
        ("500 Oops", {"error": "Oops", "message": "m"}, (502, "UpstreamFailure", "m")),
        ("503 Later", {"error": "Later", "message": "m"}, (503, "Later", "m")),
        ("400 Bad", b"{garbage", (400, "InvalidRequest", "Invalid Request")),
        ("400 Bad", b'{"error": 5, "message": []}', (400, "InvalidRequest", "Invalid Request")),
        ("400 Bad", b"[]", (400, "InvalidRequest", "Invalid Request")),
    ],
)  # fmt: skip
def test_a_refusal_passes_with_its_name_and_a_fault_does_not(port, service, status, body, expected):
    service.answers(ECHO, answering(body, status))
    code, text = got(port)
    said = orjson.loads(text)
    assert (code, said["error"], said["message"]) == expected


def test_a_refusal_keeps_when_to_come_back(port, service):
    service.answers(ECHO, answering({}, "429 Slow", retry_after="5"))
    with answer(port) as response:
        assert response.headers["retry-after"] == "5"
        assert response.headers["x-own"] == "yes"


def test_a_redirect_is_not_followed(port, service):
    service.answers(ECHO, answering(b"", "302 Found", location=f"{service.url}/xrpc/other"))
    assert got(port)[0] == 502
    assert len(service.seen) == 1


def test_an_endless_refusal_is_not_read_to_its_end(port, service):
    service.answers(
        ECHO,
        raw(b"HTTP/1.1 400 Bad\r\ncontent-type: application/json\r\n\r\n", *[b" " * 65_536] * 2000),
    )
    assert got(port)[0] == 400


def test_garbage_is_a_bad_gateway(port, service):
    service.answers(ECHO, raw(b"garbage\r\n\r\n"))
    status, text = got(port)
    assert (status, b"UpstreamFailure" in text, b"garbage" in text) == (502, True, False)


def test_silence_is_a_time_out(port, service, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_S", 0.2)
    service.answers(ECHO, silent())
    status, text = got(port)
    assert (status, b"UpstreamTimeout" in text) == (504, True)


def test_a_service_that_dies_in_its_answer_ends_ours(port, service):
    service.answers(ECHO, raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"))
    with pytest.raises(http.client.IncompleteRead):
        got(port)


def test_an_answer_streams_as_it_comes(port, service):
    service.answers(ECHO, raw(b"HTTP/1.1 200 OK\r\n\r\none", *[b"more"] * 6_000, pause_s=0.1))
    with answer(port) as response:
        assert response.read(3) == b"one"


def test_a_client_that_leaves_ends_the_call(port, service):
    service.answers(ECHO, silent())
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await_that(lambda: service.seen)
    await_that(lambda: service.gone_count == 1)


def test_a_client_that_leaves_within_its_body_ends_the_call(port, service):
    with socket.create_connection(("127.0.0.1", port)) as client:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n"
        client.sendall(head + b"x" * 1_200_000)
        await_that(lambda: service.connection_count == 1)
    time.sleep(0.2)
    assert service.seen == []  # never a whole request
    assert got(port, path="/quick") == (200, b"quick")


def test_a_reply_may_be_changed(port, app, service):
    app.finish = Reading(lambda received: Composed(received.body.upper(), {"X-Lag": "7"}))
    service.answers(ECHO, answering({"n": "a"}))
    with answer(port) as response:
        assert (response.read(), response.headers["x-lag"]) == (b'{"N":"A"}', "7")


def test_a_reply_that_cannot_be_changed_stays_as_it_is(port, app, service):
    app.finish = Reading(lambda received: {}[received])
    service.answers(ECHO, answering({"n": 1}, atproto_repo_rev="3k"))
    with answer(port) as response:
        assert (response.read(), response.headers["atproto-repo-rev"]) == (b'{"n":1}', "3k")


def test_a_reply_that_is_left_alone_stays_as_it_is(port, app, service):
    app.finish = Reading(lambda _received: None)
    service.answers(ECHO, answering({"n": 1}))
    assert got(port) == (200, b'{"n":1}')


def test_a_reply_too_large_to_read_streams_on(port, app, service, monkeypatch):
    monkeypatch.setattr(relaying, "BUFFERED_MAX_BYTES", 100_000)
    app.finish = Reading(lambda _received: Composed(b"changed"))
    service.answers(ECHO, answering(b"x" * 3_000_000))
    status, body = got(port)
    assert (status, len(body)) == (200, 3_000_000)


def test_a_reply_that_has_to_be_read_and_drips_is_a_time_out(port, app, service, monkeypatch):
    monkeypatch.setattr(relaying, "BUFFERING_S", 0.3)
    app.finish = Reading(lambda _received: None)
    service.answers(ECHO, raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 50, pause_s=0.05))
    assert got(port)[0] == 504


def test_questions_are_asked_first_and_failures_are_none(port, app, service):
    place = Service(service.did, "x", service.url)
    questions = tuple(Forwarded(place, "GET", f"/xrpc/q.{n}", {}) for n in ("one", "two", "three"))
    service.answers("q.one", answering({"n": 1}))
    service.answers("q.two", answering({}, "404 No"))
    service.answers("q.three", raw(b"garbage"))

    def then(found):
        return Composed(b"%b %r %r" % (found[0].body, found[1], found[2]))

    app.plan = Questions(questions, then)
    assert got(port) == (200, b'{"n":1} None None')


def test_a_call_after_questions_may_fall_back(port, app, service):
    place = Service(service.did, "x", service.url)
    fallback = Received(200, {"content-type": "text/plain"}, b"as it was")
    app.plan = Questions(
        (Forwarded(place, "GET", "/xrpc/q.one", {}),), lambda _found: 1 // 0, fallback
    )
    assert got(port) == (200, b"as it was")


@pytest.mark.long
def test_slow_services_hold_no_thread(port, service, monkeypatch):
    """200 calls wait; others are answered as ever. There are four threads in the pool."""
    monkeypatch.setattr(connection, "HEAD_S", 600)  # a held thread would be held for so long
    service.answers(ECHO, silent())
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await_that(lambda: len(service.seen) == 200)
    assert [got(port, path="/quick") for _ in range(20)] == [(200, b"quick")] * 20
    for client in clients:
        client.close()


def await_that(fact: Callable[[], Any], within_s: float = 100) -> None:
    deadline = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)
