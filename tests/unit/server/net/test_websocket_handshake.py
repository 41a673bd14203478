"""A WebSocket opens, or something is in the way."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from websockets.sync.server import serve

from server.net.websocket_handshake import opens


@pytest.fixture
def socket_server() -> Iterator[int]:
    with serve(lambda connection: connection.recv(), "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()


@pytest.fixture
def web_server() -> Iterator[int]:
    """One that knows no WebSockets."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(autouse=True)
def _sandbox(settings) -> None:
    settings.SANDBOX = True


def test_a_socket_opens(socket_server: int) -> None:
    assert opens(f"http://localhost:{socket_server}/xrpc/x", 30)


def test_an_ordinary_answer_is_none(web_server: int) -> None:
    assert not opens(f"http://localhost:{web_server}/xrpc/x", 30)


@pytest.mark.parametrize("url", ["http://nobody.invalid/", "ftp://localhost/", "http://a b/"])
def test_what_leads_nowhere_opens_nothing(url: str) -> None:
    assert not opens(url, 1)


def test_nothing_inside_is_asked(settings, socket_server: int) -> None:
    settings.SANDBOX = False
    assert not opens(f"https://localhost:{socket_server}/", 1)
    assert not opens("https://127.0.0.1/", 1)
