"""Outgoing requests: bounded, never redirected, never led inside."""

import asyncio
import contextlib
import gzip
import io
import multiprocessing
import os
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import dns.exception
import dns.resolver
import pytest
from pytest_django.fixtures import Settings

from server.net import http_client
from server.net.http_client import addresses, blocking


class Answers(BaseHTTPRequestHandler):
    """Says what its path asks for."""

    protocol_version = "HTTP/1.1"
    connections: set[int] = set()

    def do_GET(self) -> None:
        self.connections.add(self.client_address[1])
        if self.path == "/late":
            time.sleep(1.5)
        if self.path == "/broken":
            self.close_connection = True
            return
        body, headers = self._body()
        self.send_response(302 if self.path == "/elsewhere" else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/dripping":
            self._drip()
            return
        self.wfile.write(body)

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("X-Kind", self.headers["Content-Type"])
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def _drip(self) -> None:
        with contextlib.suppress(ConnectionError):
            for letter in b"hello":
                time.sleep(0.15)
                self.wfile.write(bytes([letter]))
        self.close_connection = True

    def _body(self) -> tuple[bytes, dict[str, str]]:
        if self.path == "/bomb":
            return gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}
        if self.path == "/zipped":
            return gzip.compress(b"hello"), {"Content-Encoding": "gzip"}
        return b"hello", {"Location": "/"}

    def log_message(self, *arguments: object) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_an_answer_has_status_headers_and_body(url: str) -> None:
    answer = http_client.request("GET", url)
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "5", b"hello")


def test_a_body_and_headers_are_sent(url: str) -> None:
    answer = http_client.request("POST", url, body=b"abc", headers={"Content-Type": "text/x"})
    assert (answer.headers["x-kind"], answer.body) == ("text/x", b"abc")


def test_a_redirect_is_an_answer_and_is_not_followed(url: str) -> None:
    assert http_client.request("GET", f"{url}/elsewhere").status == 302


def test_connections_are_used_again(url: str) -> None:
    Answers.connections.clear()
    for _ in range(3):
        http_client.request("GET", url)
    assert len(Answers.connections) == 1


def test_a_late_answer_is_timed_out(url: str) -> None:
    with pytest.raises(http_client.TimedOut):
        http_client.request("GET", f"{url}/late", timeout_s=0.2)


def test_an_answer_that_drips_is_timed_out(url: str) -> None:
    with pytest.raises(http_client.TimedOut, match="too long"):
        http_client.request("GET", f"{url}/dripping", timeout_s=0.3)


@pytest.mark.parametrize(
    ("begins", "drips"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    ],
)
def test_a_server_that_drips_what_frames_its_answer_is_left(begins: bytes, drips: bytes) -> None:
    with _dripping(begins, drips) as url:
        began = time.monotonic()
        with pytest.raises(http_client.TimedOut, match="too long"):
            http_client.request("GET", url, timeout_s=0.3)
        assert time.monotonic() - began < 40  # the server goes on for fifty seconds


def test_silent_name_servers_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, lambda: asyncio.sleep(60))
    began = time.monotonic()
    with pytest.raises(http_client.Unreachable):
        http_client.request("GET", "http://silent.test", timeout_s=0.2)
    assert time.monotonic() - began < 50


def test_all_addresses_of_a_name_share_one_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are full: a connection is neither made nor refused."""
    with _full() as (address, port):
        monkeypatch.setattr(addresses, "look_up", lambda _name: _soon([address] * 4))
        began = time.monotonic()
        with pytest.raises(http_client.Unreachable):
            http_client.request("GET", f"http://many.test:{port}", timeout_s=0.4)
        assert time.monotonic() - began < 60


def _resolving(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Awaitable[Any]]) -> None:
    """What the machine's name servers do when they are asked for addresses."""
    resolver = SimpleNamespace(resolve_name=lambda *_, **__: answer())
    monkeypatch.setattr(addresses, "own_resolver", lambda: resolver)


async def _soon(found: list[str]) -> list[str]:
    return found


@contextlib.contextmanager
def _full() -> Iterator[tuple[str, int]]:
    """The address of a server that has no room for another connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        yield address
        for one in waiting:
            one.close()


@contextlib.contextmanager
def _dripping(begins: bytes, drips: bytes) -> Iterator[str]:
    """The URL of a server that begins its answer and goes on a little every 50 ms."""

    def answer(listening: socket.socket) -> None:
        with contextlib.suppress(OSError), listening.accept()[0] as connected:
            connected.recv(65_536)
            connected.sendall(begins)
            for _ in range(1_000):
                time.sleep(0.05)
                connected.sendall(drips)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_broken_connection_may_have_been_acted_upon(url: str) -> None:
    with pytest.raises(http_client.TimedOut):
        http_client.request("GET", f"{url}/broken")


def test_a_long_answer_is_dropped(url: str) -> None:
    with pytest.raises(http_client.TooLarge):
        http_client.request("GET", url, max_bytes=4)


def test_an_answer_can_go_into_a_file(url: str) -> None:
    with tempfile.TemporaryFile() as file:
        answer = http_client.request("GET", f"{url}/zipped", into=file)
        file.seek(0)
        assert (file.read(), answer.body) == (b"hello", b"")


def test_names_under_localhost_are_loopback(url: str) -> None:
    assert http_client.request("GET", url.replace("127.0.0.1", "birch.localhost")).status == 200


def test_a_compressed_answer_counts_as_what_it_becomes(url: str) -> None:
    assert http_client.request("GET", f"{url}/zipped").body == b"hello"
    with pytest.raises(http_client.TooLarge):
        http_client.request("GET", f"{url}/bomb", max_bytes=1_000_000)


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(http_client.Unreachable):
        http_client.request("GET", f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example", "file:///etc/passwd", "//a.example", "http://", "http://u:p@a.example",
     "http://a.example:99999", "http://[::1", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_plain_http_url_is_refused(url: str) -> None:
    with pytest.raises(http_client.Unreachable):
        http_client.request("GET", url)


def test_a_name_that_leads_inside_is_refused_before_connecting(
    url: str, settings: Settings
) -> None:
    settings.SANDBOX = False
    Answers.connections.clear()
    with pytest.raises(http_client.Forbidden, match="not public"):
        http_client.request("GET", url.replace("http://127.0.0.1", "https://localhost"))
    assert not Answers.connections


def test_a_name_that_leads_in_and_out_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "look_up", lambda _name: _soon(["1.1.1.1", "10.0.0.1"]))
    with pytest.raises(http_client.Forbidden):
        http_client.request("GET", "http://two-faced.example")


def test_what_the_operator_configured_may_lie_inside(url: str, settings: Settings) -> None:
    settings.SANDBOX = False
    assert http_client.request_configured("GET", url).status == 200


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(dns.resolver.NXDOMAIN, http_client.NoSuchHost),
     (dns.resolver.NoAnswer, http_client.NoSuchHost),
     (dns.resolver.NoNameservers, http_client.Unreachable),
     (dns.exception.Timeout, http_client.Unreachable)],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_told_from_silent_name_servers(monkeypatch, fault, kind):
    async def fail():
        raise fault

    _resolving(monkeypatch, fail)
    with pytest.raises(http_client.Unreachable) as unreachable:
        http_client.request("GET", "https://nobody.example.com/")
    assert type(unreachable.value) is kind


def test_a_file_goes_out_in_pieces(url: str) -> None:
    sent = os.urandom(1_000_000)
    answer = http_client.request(
        "POST", url, body=io.BytesIO(sent), length=len(sent), headers={"Content-Type": "text/x"}
    )
    assert answer.body == sent


def test_a_file_that_cannot_be_written_ends_the_exchange(url: str) -> None:
    with pytest.raises(io.UnsupportedOperation), open(os.devnull, "rb") as file:  # noqa: PTH123
        http_client.request("GET", url, into=file)


def test_a_forked_process_asks_by_itself(url: str) -> None:
    http_client.request("GET", url)
    child = multiprocessing.get_context("fork").Process(
        target=http_client.request, args=("GET", url)
    )
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert http_client.request("GET", url).status == 200


def test_who_is_interrupted_leaves_no_exchange_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with _dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x") as url, tempfile.TemporaryFile() as file:
        monkeypatch.setattr(blocking, "settle", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            http_client.request("GET", url, into=file, timeout_s=60)
    waited_until = time.monotonic() + 60
    while blocking.running().connections.busy and time.monotonic() < waited_until:
        time.sleep(0.01)
    assert not blocking.running().connections.busy


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
