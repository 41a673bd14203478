"""Content codings of request bodies, undone piece by piece: gzip, deflate, br.

Source: RFC 9110 section 8.4.1 (deflate is zlib's format), RFC 7932. No call gives more than it was
asked for, so a bomb is counted while it unfolds and never held.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import brotli

More = Callable[[], bytes]
_GZIP_OR_ZLIB = 47  # zlib's wbits: 32 (detect the header) + 15 (largest window)


class BrokenCoding(ValueError):
    """The bytes are not of this coding, or end before it does."""


class Decoder(Protocol):
    """One body being decoded."""

    def decode(self, size: int, more: More) -> bytes:
        """The next decoded bytes, at most `size`; b"" at the end. `more` gives encoded ones, b"" at
        their end. Raises BrokenCoding."""


class Zlib:
    """gzip and deflate; whatever comes after the end is not looked at."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)

    def decode(self, size: int, more: More) -> bytes:
        try:
            while not self._zlib.eof:
                waiting = self._zlib.unconsumed_tail or more()
                if piece := self._zlib.decompress(waiting, size):
                    return piece
                if not waiting:
                    raise BrokenCoding("The request body ends before its encoding does")
        except zlib.error as error:
            raise BrokenCoding("The request body is not what Content-Encoding says") from error
        return b""


class Brotli:
    """br. The library gives somewhat more than it is asked for; the rest waits here."""

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()
        self._held = b""

    def decode(self, size: int, more: More) -> bytes:
        if not self._held:
            self._held = self._next(size, more)
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def _next(self, size: int, more: More) -> bytes:
        try:
            while not self._brotli.is_finished():
                waiting = more() if self._brotli.can_accept_more_data() else b""
                is_at_end = not waiting and self._brotli.can_accept_more_data()
                piece: bytes = self._brotli.process(waiting, output_buffer_limit=size)
                if piece:
                    return piece
                if is_at_end:
                    raise BrokenCoding("The request body ends before its encoding does")
        except brotli.error as error:
            raise BrokenCoding("The request body is not what Content-Encoding says") from error
        return b""


DECODERS: Final[Mapping[str, type[Zlib] | type[Brotli]]] = {
    "gzip": Zlib,
    "x-gzip": Zlib,
    "deflate": Zlib,
    "br": Brotli,
}
