"""Bodies received into a file by the event loop, over real sockets, and what becomes of them."""

import http.client
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.http import HttpRequest, JsonResponse

from server.web.bodies import body_transfers
from server.web.uploads import Upload, is_still_arriving
from tests.unit.server.web.servers import served
from xrpc.request.call import HandedOn
from xrpc.response import answers
from xrpc.response.errors import render

LONG = 3_000_000


class App:
    """Answers with the size of a body, or of the part of it that it was given."""

    limit_bytes = 5_000_000

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if not is_still_arriving(environ):
            start("200 OK", [])
            return [b"at once"]
        upload = Upload(
            self.limit_bytes, lambda file: JsonResponse({"size": len(file.read())}), render
        )
        response = answers.respond(HttpRequest(), HandedOn(upload))
        response["X-Own"] = "yes"
        start("200 OK", list(response.items()))
        return response


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def port(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr("server.database.connection.drop_if_hung_up", lambda: None)
    with served(app) as port:
        yield port


def posted(port: int, body: Any) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", body, encode_chunked=not isinstance(body, bytes))
    response = connection.getresponse()
    return response, response.read()


def test_a_short_body_is_there_at_once(port):
    assert posted(port, b"x" * 1_000_000)[1] == b"at once"


@pytest.mark.parametrize("body", [b"x" * LONG, [b"x" * 100_000] * 30])
def test_a_long_body_is_received_first(port, body):
    response, text = posted(port, body if isinstance(body, bytes) else iter(body))
    assert (response.status, text) == (200, b'{"size": 3000000}')
    assert response.headers["X-Own"] == "yes"


def test_no_more_is_received_than_shows_that_it_is_too_much(port, app):
    app.limit_bytes = 1_500_000
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 2_000_000)
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_uploads_that_stand_still_hold_no_thread(port):
    with ExitStack() as stack:
        for _ in range(30):
            client = socket.create_connection(("127.0.0.1", port), timeout=60)
            stack.enter_context(client)
            client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\nabc")
        assert posted(port, b"x" * LONG)[1] == b'{"size": 3000000}'


def test_one_upload_too_many_cuts_off_the_slowest(port):
    with ExitStack() as stack:
        waiting = [socket.create_connection(("127.0.0.1", port), timeout=60)
                   for _ in range(body_transfers.EACH_MAX)]  # fmt: skip
        for client in waiting:
            stack.enter_context(client)
            client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\nabc")
        assert posted(port, b"x" * LONG)[1] == b'{"size": 3000000}'
        gave_way, _, _ = select.select(waiting, [], [], 60)
        assert [each.recv(12) for each in gave_way] == [b"HTTP/1.1 408"]
