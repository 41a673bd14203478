"""Answers of small reads: written by the event loop, with the headers of xrpc.response.answers."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from hosting.pages.cors import OPEN_HEADERS
from server.web.bodies.chunks import PIECE_BYTES
from server.web.bodies.file_parts import FilePart
from server.web.bodies.streams import WHOLE, Answer, Send, encoded
from server.web.wsgi_environ import Scope
from xrpc.request.plain_requests import NotPlain
from xrpc.request.small_read import SmallFile
from xrpc.response.answers import COMPRESS_FROM_BYTES, packed
from xrpc.response.variants import mark_coding, mark_private

_PACKED_MAX_BYTES: Final = 16_384
Headers = list[tuple[bytes, bytes]]


async def send(scope: Scope, write: Send, headers: Headers, body: bytes) -> None:
    """At once where the connection knows how."""
    if WHOLE in scope.get("extensions", ()):
        head = b"".join([b"%b: %b\r\n" % header for header in headers])
        await write({"type": WHOLE, "status": 200, "head": head, "body": body})
        return
    await write({"type": "http.response.start", "status": 200, "headers": headers})
    await write({"type": "http.response.body", "body": body})


def open_file(file: SmallFile, answer: Answer) -> None:
    """In a thread: open the file, and read it if it is short. Raises OSError, XrpcError."""
    opened = file.open()
    if file.size > PIECE_BYTES:
        answer.part = FilePart.of(opened, 0, file.size)
        if answer.part is not None:
            return
    with opened:
        answer.body = opened.read()
    if len(answer.body) != file.size:
        raise FileNotFoundError(file.etag)


def about_file(file: SmallFile, told: Headers, *, is_private: bool) -> list[tuple[str, str]]:
    """The headers of server.web.bodies.ranges."""
    headers = {"Content-Type": file.content_type, **OPEN_HEADERS, "ETag": file.etag, **file.headers}
    headers |= {"Accept-Ranges": "bytes", "Content-Length": str(file.size)}
    if is_private:
        mark_private(headers)
    return [*headers.items(), *((name.decode(), value.decode()) for name, value in told)]


def packed_for(text: bytes, about: Mapping[bytes, bytes]) -> tuple[str | None, bytes]:
    """The body as the client prefers it: with its coding's name, empty for none; None for a body
    that is packed for nobody. Raises NotPlain for one that would take the loop long."""
    if len(text) < COMPRESS_FROM_BYTES:
        return None, text
    if len(text) > _PACKED_MAX_BYTES:
        raise NotPlain
    return packed(about.get(b"accept-encoding", b"").decode("latin-1"), text)


@cache
def variant(content_type: str, coding: str | None, *, is_private: bool) -> Headers:
    """The headers that all such answers share. `coding` is as `packed_for` tells it."""
    headers = {"Content-Type": content_type, **OPEN_HEADERS}
    if coding is not None:
        mark_coding(headers, coding)
    if is_private:
        mark_private(headers)
    return encoded(list(headers.items()))
