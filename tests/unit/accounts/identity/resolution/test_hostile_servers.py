"""Whoever has a DID chooses the server that is asked about it. Whatever that one does, the question
ends in time with a refusal, and nothing of the answer is kept."""

import contextlib
import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
from pytest_django.fixtures import Settings

from accounts.identity import resolution
from accounts.identity.resolution import dids

pytestmark = pytest.mark.django_db


class Server(ThreadingHTTPServer):
    """The server of a did:web, which answers `/.well-known/did.json` as the test says: the pieces
    of the body come `pause_s` apart."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.did = f"did:web:localhost%3A{self.server_port}"
        dids.CACHE.forget(self.did)  # an earlier test's server may have had the port
        self.asked: list[str] = []
        self.answers()

    def answers(
        self, *pieces: bytes, status: int = 200, pause_s: float = 0.0, **headers: str
    ) -> None:
        self.answer = status, headers, pieces, pause_s

    def document(self, **more: Any) -> bytes:
        return orjson.dumps({"id": self.did, **more})


class _Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        status, headers, pieces, pause_s = self.server.answer
        self.server.asked.append(self.path)
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)
                time.sleep(pause_s)

    def log_message(self, *arguments: object) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def nested(levels: int) -> bytes:
    return b'{"id":"$DID","service":' + b"[" * levels + b"]" * levels + b"}"


HOSTILE = {
    "nested deeper than can be written": nested(300),
    "nested as deep as can be parsed": nested(1_000),
    "nested deeper than can be parsed": nested(50_000),
    "more objects than are read": b'{"id":"$DID","service":[' + b"{}," * 50_000 + b"{}]}",
    "no JSON": b"[" * 100_000,
    "half of a surrogate pair": b'{"id":"$DID","x":"\\ud800"}',
    "about somebody else": b'{"id":"did:web:localhost"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_document_made_to_hurt_is_refused(server: Server, body: bytes) -> None:
    server.answers(body.replace(b"$DID", server.did.encode()))
    for fresh in (True, False):
        with pytest.raises(resolution.DidUnusable):
            resolution.resolve_did(server.did, fresh=fresh)


def test_ten_megabytes_are_refused_at_the_first_too_many(server: Server) -> None:
    server.answers(*[b" " * 100_000] * 100)
    with pytest.raises(resolution.DidUnusable, match="more than 200000 bytes"):
        resolution.resolve_did(server.did)


@pytest.mark.parametrize(("layers", "why"), [(1, "more than 200000 bytes"), (2, "coded 2 times")])
def test_a_packed_document_counts_as_what_it_becomes(server: Server, layers: int, why: str) -> None:
    packed = b" " * 50_000_000
    for _ in range(layers):
        packed = gzip.compress(packed)
    server.answers(packed, Content_Encoding=", ".join(["gzip"] * layers))
    with pytest.raises(resolution.DidUnusable, match=why):
        resolution.resolve_did(server.did)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_led_elsewhere(server: Server, status: int) -> None:
    server.answers(status=status, Location=f"http://localhost:{server.server_port}/inside")
    with pytest.raises(resolution.DidUnusable, match=f"answered {status}"):
        resolution.resolve_did(server.did)
    assert server.asked == ["/.well-known/did.json"]


def test_a_document_that_drips_is_silence(server: Server, settings: Settings) -> None:
    settings.RESOLVE_TIMEOUT_S = 0.3
    server.answers(*[b" "] * 600, pause_s=0.1)
    began = time.monotonic()
    with pytest.raises(resolution.NetworkUnavailable):
        resolution.resolve_did(server.did)
    assert time.monotonic() - began < 50  # the server goes on for a minute
