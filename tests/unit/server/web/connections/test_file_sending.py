"""Bodies that are parts of files: whole, at the client's pace, and never in place of another's."""

import asyncio
import os
import secrets
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from server.web.bodies.file_parts import FILE, FilePart
from server.web.connections.http_protocol import HttpProtocol
from tests.unit.server.web.connections.test_http_protocol import REQUEST, Impatient
from tests.unit.server.web.connections.test_websocket_protocol import served

SIZE = 20_000_000  # more than a socket holds
BYTES = secrets.token_bytes(1_000_000) * (SIZE // 1_000_000)
LAST = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


class Files:
    """An application that answers with the bytes of a file from `first` to `after`."""

    def __init__(self, path: Path, first: int = 0, after: int = SIZE) -> None:
        self.path, self.first, self.after = path, first, after
        self.sent = 0
        self.parts: list[FilePart] = []
        self.ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert FILE in scope["extensions"]
        part = FilePart.of(self.path.open("rb"), self.first, self.after)
        assert part is not None
        self.parts.append(part)
        length = (b"content-length", b"%d" % part.left)
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        try:
            more = {"run": asyncio.to_thread, "count": self.count, "wait": asyncio.ensure_future}
            await send({"type": FILE, "part": part, **more})
        finally:
            part.close()
            self.ended.set()

    def count(self, size: int) -> None:
        self.sent += size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(BYTES)
    return tmp_path / "file"


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def all_of(client: socket.socket) -> bytes:
    pieces = []
    while piece := client.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def test_each_answer_of_a_connection_has_its_part_whole(path):
    files = Files(path, first=7, after=SIZE - 5)
    with served(files, http=HttpProtocol, lifespan="off") as port, connected(port) as client:
        client.sendall(REQUEST + LAST)  # the second waits for the answer to the first
        answers = all_of(client)
    head = answers.index(b"\r\n\r\n") + 4
    wanted = BYTES[7 : SIZE - 5]
    assert answers[head : head + len(wanted)] == wanted
    assert answers[head + len(wanted) :].partition(b"\r\n\r\n")[2] == wanted
    assert files.sent == 2 * len(wanted)
    assert all(part.socket == -1 for part in files.parts)


def test_who_takes_nothing_of_a_file_is_given_up(path):
    files = Files(path)
    with served(files, http=Impatient, lifespan="off") as port, connected(port) as client:
        client.sendall(REQUEST)
        assert files.ended.wait(60)
    assert files.sent < SIZE


def test_who_leaves_within_a_file_frees_it(path):
    files = Files(path)
    with served(files, http=HttpProtocol, lifespan="off") as port:
        with connected(port) as client:
            client.sendall(REQUEST)
            client.recv(1000)
        assert files.ended.wait(60)
    assert files.sent < SIZE


def test_a_file_that_is_too_short_breaks_the_answer_off(path):
    os.truncate(path, 1_000)
    with served(Files(path), http=HttpProtocol, lifespan="off") as port, connected(port) as client:
        client.sendall(REQUEST)
        assert all_of(client).endswith(BYTES[:1_000])


def test_what_is_no_file_of_the_kernels_is_no_part():
    class Object:
        def fileno(self) -> int:
            raise OSError

    assert FilePart.of(Object(), 0, 10) is None  # type: ignore[arg-type]
