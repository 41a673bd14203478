"""Request bodies: whole in memory or in a file, or read from the connection as they come."""

import io
from typing import BinaryIO

from server.web.bodies.buffered_bytes import BufferedBody
from server.web.bodies.streams import ChunkedBody, MinimumUploadRate, Receive
from server.web.wsgi_environ import Scope

BUFFERED_MAX_BYTES = 1_000_000  # longer bodies stream; every record write is shorter
PIPE_BYTES = 65_536


async def read_body(
    scope: Scope, receive: Receive, buffered: BufferedBody
) -> tuple[BinaryIO, int | None]:
    """The body as a file, and its length in bytes unless only its end will tell. What does not come
    at once is `buffered`. Raises ClientDisconnected."""
    declared = _declared_length(scope)
    if declared == 0:
        return io.BytesIO(), 0
    if declared is not None and declared > BUFFERED_MAX_BYTES:
        return _pipe(receive, b""), declared
    rate = MinimumUploadRate()
    message = await rate.next(receive)
    piece = message.get("body", b"")
    if not message.get("more_body", False):
        return io.BytesIO(piece), len(piece)
    buffered.add(piece)
    while buffered.size <= BUFFERED_MAX_BYTES:
        message = await rate.next(receive)
        buffered.add(message.get("body", b""))
        if not message.get("more_body", False):
            return buffered.file(), buffered.size
    return _pipe(receive, buffered.file().read()), None


def _pipe(receive: Receive, ahead: bytes) -> BinaryIO:
    raw = ChunkedBody(receive, ahead)
    return io.BufferedReader(raw, PIPE_BYTES)


def unread(body: BinaryIO) -> bytes | ChunkedBody:
    """The body for the event loop: whole, or the connection that it comes from."""
    if isinstance(body, io.BytesIO):
        return body.getvalue()
    if isinstance(body, io.BufferedReader) and isinstance(body.raw, ChunkedBody):
        return body.raw
    body.seek(0)
    return body.read()


def _declared_length(scope: Scope) -> int | None:
    """Content-Length; 0 when the request announces no body at all; None for a chunked one."""
    declared: int | None = 0
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
        if name == b"transfer-encoding":
            declared = None
    return declared
