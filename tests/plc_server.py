"""A PLC directory on a loopback port, whose answers a test can spoil: the network's edge.

The fixture `plc` serves the embedded directory's own WSGI callable over the tests' database and
points `settings.PLC_URL` at it. A test that needs an external directory's misbehaviour turns a
knob; it stays turned until it is turned back.

    plc.delay_s = 2.0         every answer comes that late
    plc.fail_before = True    posts answer 503 and store nothing
    plc.fail_after = True     posts are stored, then the connection breaks off: outcome unknown
    plc.down = True           every connection breaks off unanswered
    plc.posts                 the paths posted to, in order

While a knob is turned nobody waits long for an answer that will not come; otherwise everybody has
all the time that a busy machine may take.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from socket import SHUT_RDWR, socket
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from hosting.plc_directory.wsgi import application

_KNOBS = ("delay_s", "fail_before", "fail_after", "down")


@dataclass
class PlcServer:
    """The running directory and its knobs."""

    url: str = ""
    delay_s: float = 0.0
    fail_before: bool = False
    fail_after: bool = False
    down: bool = False
    posts: list[str] = field(default_factory=list)
    settings: Settings | None = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if self.settings is not None and name in _KNOBS:
            is_spoiled = any(getattr(self, knob) for knob in _KNOBS)
            self.settings.PLC_AWAIT_S = 1.5 if is_spoiled else 25.0
            self.settings.PLC_TIMEOUT_S = 0.5 if self.delay_s else 10.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_post = environ["REQUEST_METHOD"] == "POST"
        if is_post:
            self.posts.append(environ["PATH_INFO"])
        time.sleep(self.delay_s)
        if self.down:
            return _break_off(environ["plc.connection"])
        if is_post and self.fail_before:
            start_response("503 Service Unavailable", [("Content-Type", "application/json")])
            return [b'{"message":"Service Unavailable"}']
        body = _answer(environ, start_response)
        if is_post and self.fail_after:
            return _break_off(environ["plc.connection"])
        return [body]


def _answer(environ: dict[str, Any], start_response: Any) -> bytes:
    try:
        with closing(application(environ, start_response)) as response:
            return b"".join(response)
    finally:
        connections.close_all()  # this thread ends with the request


def _break_off(connection: socket) -> list[bytes]:
    """Hang up; wsgiref then meets a broken pipe when it writes, and says nothing about it."""
    connection.shutdown(SHUT_RDWR)
    raise ConnectionAbortedError


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), "plc.connection": self.connection}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class says so
        """Tests read `posts` instead."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False
    block_on_close = True  # closing waits for the requests, and so for their database connections


@pytest.fixture
def plc(transactional_db: None, settings: Settings) -> Iterator[PlcServer]:
    """A directory of the test's own. The database is committed to, because the server reads it."""
    knobs = PlcServer()
    with make_server("127.0.0.1", 0, knobs, server_class=_Server, handler_class=_Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        knobs.url = settings.PLC_URL = f"http://127.0.0.1:{server.server_port}"
        knobs.settings = settings
        yield knobs
        server.shutdown()
        thread.join()
