"""Range requests: a stored file whole, a part of it, or 304.

Source: RFC 9110, sections 13.1.2 (If-None-Match), 13.1.5 (If-Range), 14.2 (Range). One range is
answered; several at once, other units and nonsense are ignored, as the RFC allows, and get all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from server.web.bodies.chunks import PIECE_BYTES
from server.web.bodies.decoded_bodies import CHUNK_BYTES
from server.web.bodies.file_parts import FilePart

_ONE_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*")


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer of bytes in a seekable file, in whole or from anywhere.

    `etag` names exactly these bytes and stands in quotes. Whoever answers closes `file`.
    """

    file: IO[bytes]
    size: int
    content_type: str
    etag: str
    headers: Mapping[str, str] = field(default_factory=dict)


class NotSatisfiable(Exception):
    """The range begins beyond the end."""


def respond(request: HttpRequest, stored: Stored) -> HttpResponseBase:
    """200, 206, 304 or 416; HEAD gets the headers of GET and no body."""
    response = _response(request, stored)
    response["ETag"] = stored.etag
    for name, value in stored.headers.items():
        response[name] = value
    return response


def _response(request: HttpRequest, stored: Stored) -> HttpResponseBase:
    if is_known(request.headers.get("If-None-Match", ""), stored.etag):
        stored.file.close()
        return _bare(304)
    try:
        part = range_of(_range_header(request, stored), stored.size)
    except NotSatisfiable:
        stored.file.close()
        refusal = _bare(416)
        refusal["Content-Range"] = f"bytes */{stored.size}"
        refusal["Content-Length"] = "0"
        return refusal
    first, after = part or (0, stored.size)
    response = _body(request, stored, first, after)
    if part:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{after - 1}/{stored.size}"
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(after - first)
    return response


def _body(request: HttpRequest, stored: Stored, first: int, after: int) -> HttpResponseBase:
    if request.method == "HEAD":
        stored.file.close()
        return HttpResponse(b"", content_type=stored.content_type)
    chunks = read(stored.file, first, after)
    response = StreamingHttpResponse(chunks, content_type=stored.content_type)
    if after - first > PIECE_BYTES:  # what is shorter is read and sent by one and the same thread
        part = FilePart.of(stored.file, first, after)
        response.file_part = part  # type: ignore[attr-defined] # see server.web.bodies.streams
    return response


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last that a Range header asks for; None means all.

    Raises NotSatisfiable.
    """
    asked = _ONE_RANGE.fullmatch(header)
    if asked is None or asked.group() == "bytes=-":
        return None
    first, last = asked.groups()
    if not first:  # so many at the end
        if not int(last) or not size:
            raise NotSatisfiable
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise NotSatisfiable
    return int(first), min(int(last) + 1, size) if last else size


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names the file; the comparison is the weak one."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return tags == ["*"] or etag in tags


def read(file: IO[bytes], first: int, after: int) -> Iterator[bytes]:
    """The bytes from `first` up to `after`, in pieces; closes the file in the end."""
    with file:
        file.seek(first)
        left = after - first
        while left and (piece := file.read(min(CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece


def _range_header(request: HttpRequest, stored: Stored) -> str:
    """The Range header, when the client's If-Range still names this file."""
    if request.headers.get("If-Range", stored.etag) != stored.etag or request.method == "HEAD":
        return ""
    return request.headers.get("Range", "")


def _bare(status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response["Content-Type"]
    return response
