"""Connections on which nothing is asked are closed; those that rest between requests are kept."""

import socket
import time

import pytest

from hosting.http import HttpProtocol
from tests.unit.hosting.test_websockets import HANDSHAKE, batches_of, served

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Impatient(HttpProtocol):
    headers_s = 0.3


async def hello(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def is_closed_within(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return connection.recv(1000) == b""
    except TimeoutError:
        return False


@pytest.mark.parametrize("sent", [b"", b"GET / HT", REQUEST[:-2], REQUEST + b"GET"])
def test_who_never_finishes_asking_is_hung_up_on(sent: bytes) -> None:
    with (
        served(hello, http=Impatient) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(sent)
        if sent.startswith(REQUEST):
            assert client.recv(1000).startswith(b"HTTP/1.1 204")
        assert is_closed_within(client, 5)


def test_who_rests_between_requests_is_kept() -> None:
    with (
        served(hello, http=Impatient) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        for _ in range(2):
            client.sendall(REQUEST)
            assert client.recv(1000).startswith(b"HTTP/1.1 204")
            time.sleep(0.6)


def test_a_reader_of_the_firehose_is_kept() -> None:
    with (
        served(batches_of([b"x"]), http=Impatient) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(HANDSHAKE)
        assert client.recv(1000).startswith(b"HTTP/1.1 101")
