"""Responses of methods: JSON, streams as they come, compressed on demand.

Source: atproto.com/specs/xrpc. JSON and CAR above about a kilobyte are compressed when the client
asks; blobs never are, they are compressed formats already. Level 1: half the size at a third of
the cost of level 6; brotli's is a fifth cheaper than gzip's and smaller, so it goes first.
"""

import zlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import Final

import brotli
import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from server.web.bodies import ranges
from server.web.bodies.ranges import Stored
from server.web.deferred_response import deferred
from xrpc.request.call import Answer, Encoded, HandedOn, Streamed, Whole
from xrpc.response.accept_encoding import accepts
from xrpc.response.errors import JSON
from xrpc.response.variants import mark_coding

COMPRESS_FROM_BYTES = 1024
COMPRESS_MAX_BYTES = 1_000_000  # of what is there at once: more would hold up other reads
_LEVEL = 1
# zlib's wbits: 15 (largest window), 16 more for gzip's wrapper; `deflate` is zlib's own (RFC 9110).
_WBITS: Final = {"gzip": 31, "deflate": 15}


def respond(request: HttpRequest, answer: Answer) -> HttpResponseBase:
    """The response for an answer; HEAD gets the headers of GET and no body."""
    is_head = request.method == "HEAD"
    if isinstance(answer, Stored):
        return ranges.respond(request, answer)
    if isinstance(answer, HandedOn):
        return deferred(answer.responder)
    if isinstance(answer, Streamed):
        return _stream(request, _unread(answer) if is_head else answer)
    content_type = answer.content_type if isinstance(answer, Whole) else JSON
    response = _whole(request, encode(answer), content_type)
    response["Content-Length"] = str(len(response.content))
    if is_head:
        response.content = b""
    return response


def encode(answer: Answer) -> bytes | None:
    """The bytes of an answer that is not streamed; None where the method has no output."""
    if answer is None:
        return None
    if isinstance(answer, Whole):
        return answer.data
    return answer.text if isinstance(answer, Encoded) else orjson.dumps(answer)


def _whole(request: HttpRequest, data: bytes | None, content_type: str) -> HttpResponse:
    if data is None:
        response = HttpResponse(b"")
        del response["Content-Type"]
        return response
    if not COMPRESS_FROM_BYTES <= len(data) <= COMPRESS_MAX_BYTES:
        return HttpResponse(data, content_type=content_type)
    coding, data = packed(request.META.get("HTTP_ACCEPT_ENCODING", ""), data)
    response = HttpResponse(data, content_type=content_type)
    mark_coding(response.headers, coding)
    return response


def packed(accepted: str, data: bytes) -> tuple[str, bytes]:
    """The bytes as the client prefers them, and the coding's name, empty for none."""
    coding = "br" if accepts("br", accepted) else _zlib_coding(accepted)
    return coding, pack(coding, data) if coding else data


def pack(coding: str, data: bytes) -> bytes:
    """The bytes in `br`, `gzip` or `deflate`."""
    if coding == "br":
        packed: bytes = brotli.compress(data, quality=_LEVEL)
        return packed
    return b"".join(packed_chunks(coding, (data,)))


def _zlib_coding(accepted: str) -> str:
    """The first of zlib's codings that the client takes; empty for none."""
    return next((coding for coding in _WBITS if accepts(coding, accepted)), "")


def _stream(request: HttpRequest, answer: Streamed) -> StreamingHttpResponse:
    chunks = answer.chunks
    coding = ""
    if answer.is_compressible:
        ahead, chunks = read_ahead(chunks)
        if ahead >= COMPRESS_FROM_BYTES:
            coding = _zlib_coding(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        if coding:
            chunks = packed_chunks(coding, chunks)
    response = StreamingHttpResponse(
        chunks, content_type=answer.content_type, headers=dict(answer.headers)
    )
    response.is_snapshot = answer.is_snapshot  # type: ignore[attr-defined] # see server.web.bodies.streams
    if answer.is_compressible:
        mark_coding(response.headers, coding)
    return response


def read_ahead(chunks: Iterable[bytes]) -> tuple[int, Iterator[bytes]]:
    """How many bytes there are, as far as compression cares, and the same chunks.

    Also lets whatever is wrong with the first chunk be refused before a status is sent.
    """
    rest = iter(chunks)
    ahead = b""
    for chunk in rest:
        ahead += chunk
        if len(ahead) >= COMPRESS_FROM_BYTES:
            break
    return len(ahead), _joined(ahead, rest)


def _joined(ahead: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """`itertools.chain` would not close `rest` when a reader leaves; this does."""
    yield ahead
    yield from rest


def packed_chunks(coding: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in `gzip` or `deflate` as they pass, in constant memory."""
    packer = zlib.compressobj(_LEVEL, wbits=_WBITS[coding])
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def _unread(answer: Streamed) -> Streamed:
    if isinstance(answer.chunks, Generator):
        answer.chunks.close()  # it may hold a database snapshot
    return replace(answer, chunks=())
