"""Content codings between a client and a service when we may have to read what passes.

Source: RFC 9110 sections 8.4 and 12.5.3. What only passes through is asked for as the client asked.
What we may have to read is asked for in a coding that both the client and we understand, so that
it can be handed on as it is when there is nothing to change.
"""

import gzip
import zlib
from collections.abc import Callable
from typing import Final

import brotli

from protocol.errors import InvalidRequest, XrpcError

DECODED_MAX_BYTES = 10_000_000
PACKED_FROM_BYTES = 1024
_STEP_BYTES = 65_536
# Ours, dearest last; sent with weights, as the service shall choose.
_OURS: Final = (("gzip", "1.0"), ("deflate", "0.9"), ("br", "0.8"), ("identity", "0.1"))
_GZIP_OR_ZLIB = 47  # zlib's wbits: 32 (detect the header) + 15 (largest window)


class NotAcceptable(XrpcError):
    """406: the client takes no coding that we could read."""

    name = "NotAcceptable"
    status = 406


class Undecodable(Exception):
    """A body that is not what its Content-Encoding says, or larger than we read."""


def offer(accept_encoding: str) -> str:
    """The Accept-Encoding for a service, from the client's. Raises InvalidRequest, 406."""
    weights = dict(_parsed(item) for item in accept_encoding.split(",")) if accept_encoding else {}
    common = [f"{name};q={ours}" for name, ours in _OURS if _takes(weights, name)]
    if not common:
        raise NotAcceptable("this service does not support any of the requested encodings")
    return ",".join(common if _takes(weights, "identity") else [*common, "*;q=0"])


def packed(text: bytes, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """Text of our own in a coding that the client takes, and the headers that say so.

    `accept_encoding` has passed `offer`.
    """
    weights = dict(_parsed(item) for item in accept_encoding.split(",")) if accept_encoding else {}
    is_short = len(text) < PACKED_FROM_BYTES and _takes(weights, "identity")
    codings = [name for name in _PACK if not is_short and _takes(weights, name)]
    if not codings:
        return text, {}
    return _PACK[codings[0]](text), {"Content-Encoding": codings[0]}


def decoded(body: bytes, content_encoding: str, most: int = DECODED_MAX_BYTES) -> bytes:
    """The bytes behind a Content-Encoding, at most so many. Raises Undecodable."""
    codings = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
    if len(codings) > 1:
        raise Undecodable(f"coded {len(codings)} times")
    coding = codings[0] if codings else "identity"
    if coding == "identity":
        return _bounded(body, most)
    undo = _UNDO.get(coding)
    if undo is None:
        raise Undecodable(f"an unknown coding: {coding[:40]}")
    try:
        return undo(body, most)
    except (zlib.error, brotli.error) as reason:
        raise Undecodable(f"not {coding}: {reason}") from reason


def _takes(weights: dict[str, float], name: str) -> bool:
    weight = weights.get(name, weights.get("*"))
    return name == "identity" if weight is None else weight > 0


def _parsed(item: str) -> tuple[str, float]:
    """`gzip;q=0.5` -> ("gzip", 0.5). Raises InvalidRequest."""
    name, has_weight, parameter = item.strip().partition(";")
    key, _, value = parameter.strip().partition("=")
    try:
        weight = float(value) if has_weight else 1.0
    except ValueError:
        weight = -1.0
    is_weight = not has_weight or (key.strip().lower() == "q" and 0 <= weight <= 1)
    if not name.strip() or "=" in name or not is_weight:
        raise InvalidRequest(f'Invalid accept-encoding: "{item}"')
    return name.strip().lower(), weight


def _inflated(body: bytes, most: int) -> bytes:
    """gzip and deflate; the latter also without zlib's header, as some servers have it."""
    try:
        return _inflated_as(body, _GZIP_OR_ZLIB, most)
    except zlib.error:
        return _inflated_as(body, -zlib.MAX_WBITS, most)


def _inflated_as(body: bytes, wbits: int, most: int) -> bytes:
    decoder = zlib.decompressobj(wbits)
    data = decoder.decompress(body, most + 1)
    if len(data) <= most and not decoder.eof:
        raise Undecodable("ends before its encoding does")
    return _bounded(data, most)


def _unbrotlied(body: bytes, most: int) -> bytes:
    decoder = brotli.Decompressor()
    pieces = [decoder.process(body, output_buffer_limit=_STEP_BYTES)]
    size = len(pieces[0])
    while not decoder.is_finished() and size <= most:
        pieces.append(decoder.process(b"", output_buffer_limit=_STEP_BYTES))
        size += len(pieces[-1])
        if not pieces[-1]:
            raise Undecodable("ends before its encoding does")
    return _bounded(b"".join(pieces), most)


def _bounded(data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise Undecodable(f"more than {most} bytes")
    return data


_UNDO: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _inflated,
    "x-gzip": _inflated,
    "deflate": _inflated,
    "br": _unbrotlied,
}
_PACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda text: gzip.compress(text, 1),
    "deflate": lambda text: zlib.compress(text, 1),
    "br": lambda text: brotli.compress(text, quality=1),
}
