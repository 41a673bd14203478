"""Content codings undone piece by piece, in constant memory (RFC 9110 section 8.4)."""

import zlib
from collections.abc import Callable, Iterator
from typing import Final

import brotli

from server.net.http_client.errors import BadResponse

STEP_BYTES = 65_536


class Undecodable(BadResponse):
    """The body is not what its Content-Encoding says, or not in one coding that we know."""


class Decoder:
    """Undoes a Content-Encoding of one coding; each of its methods raises Undecodable."""

    def __init__(self, content_encoding: str) -> None:
        codings = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
        if len(codings) > 1:
            raise Undecodable(f"coded {len(codings)} times")
        self._coding = codings[0] if codings else "identity"
        if self._coding not in _UNDOING:
            raise Undecodable(f"an unknown coding: {self._coding[:40]}")
        self._undoing = _UNDOING[self._coding]()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What these bytes become, in pieces of STEP_BYTES at the most."""
        try:
            for start in range(0, len(data), STEP_BYTES):
                taken = data[start : start + STEP_BYTES]
                while not self._undoing.is_finished and (piece := self._undoing.step(taken)):
                    yield piece
                    taken = b""
        except (zlib.error, brotli.error) as reason:
            raise Undecodable(f"not {self._coding}: {reason}") from reason

    def end(self) -> None:
        """There are no more bytes."""
        if self._coding != "identity" and not self._undoing.is_finished:
            raise Undecodable("ends before its encoding does")


class _Undoing:
    """Undoes nothing. `step` takes the next coded bytes, b"" for none, and returns STEP_BYTES of
    what they become at the most; when it `is_finished`, nothing more belongs to the body."""

    is_finished = False

    def step(self, data: bytes) -> bytes:
        return data


class _Inflating(_Undoing):
    """gzip and deflate; the latter also without zlib's header, as some servers have it."""

    def __init__(self) -> None:
        self._begun = b""
        self._decoder: zlib._Decompress | None = None

    def step(self, data: bytes) -> bytes:
        if self._decoder is None:
            self._begun += data
            if len(self._begun) < 2:
                return b""
            self._decoder, data = zlib.decompressobj(_wbits(self._begun)), self._begun
        piece = self._decoder.decompress(self._decoder.unconsumed_tail + data, STEP_BYTES)
        self.is_finished = self._decoder.eof
        return piece


class _Brotli(_Undoing):
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def step(self, data: bytes) -> bytes:
        piece: bytes = self._decoder.process(data, output_buffer_limit=STEP_BYTES)
        self.is_finished = self._decoder.is_finished()
        return piece


def _wbits(begun: bytes) -> int:
    """What zlib calls the form of a stream that begins so."""
    is_zlib = begun[0] & 15 == zlib.DEFLATED and int.from_bytes(begun[:2], "big") % 31 == 0
    if is_zlib:
        return zlib.MAX_WBITS
    return 16 + zlib.MAX_WBITS if begun[:2] == b"\x1f\x8b" else -zlib.MAX_WBITS


_UNDOING: Final[dict[str, Callable[[], _Undoing]]] = {
    "identity": _Undoing,
    "gzip": _Inflating,
    "x-gzip": _Inflating,
    "deflate": _Inflating,
    "br": _Brotli,
}
