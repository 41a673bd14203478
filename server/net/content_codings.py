"""Content codings undone piece by piece, in constant memory: gzip, deflate, br.

Source: RFC 9110 section 8.4.1, RFC 7932. No call gives more than it was asked for, so a bomb is
counted while it unfolds and never held.
"""

import zlib
from collections.abc import Mapping
from typing import Final

import brotli


class BrokenCoding(ValueError):
    """The bytes are not of this coding."""


class Decoder:
    """Decodes one body; this one leaves it as it is. Once it `is_finished`, nothing that follows
    belongs to the body."""

    is_finished = False

    def decode(self, data: bytes, size: int) -> bytes:  # noqa: ARG002 - the others do
        """What these bytes become, at most `size`. The rest is asked for with b"", until b"" comes
        and more data may be given. Raises BrokenCoding."""
        return data


class Zlib(Decoder):
    """gzip and deflate; the latter also without zlib's header, as some servers have it."""

    def __init__(self) -> None:
        self._begun = b""
        self._decoder: zlib._Decompress | None = None

    def decode(self, data: bytes, size: int) -> bytes:
        if self._decoder is None:
            self._begun += data
            if len(self._begun) < 2:
                return b""
            self._decoder, data = zlib.decompressobj(_wbits(self._begun)), self._begun
        try:
            piece = self._decoder.decompress(self._decoder.unconsumed_tail + data, size)
        except zlib.error as error:
            raise BrokenCoding(str(error)) from error
        self.is_finished = self._decoder.eof
        return piece


class Brotli(Decoder):
    """br. The library gives somewhat more than it is asked for; the rest waits here."""

    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()
        self._held = b""

    def decode(self, data: bytes, size: int) -> bytes:
        try:
            held = self._held or self._decoder.process(data, output_buffer_limit=size)
        except brotli.error as error:
            raise BrokenCoding(str(error)) from error
        piece, self._held = held[:size], held[size:]
        self.is_finished = not self._held and self._decoder.is_finished()
        return piece


def _wbits(begun: bytes) -> int:
    """What zlib calls the form of a stream that begins so."""
    is_zlib = begun[0] & 15 == zlib.DEFLATED and int.from_bytes(begun[:2], "big") % 31 == 0
    if is_zlib:
        return zlib.MAX_WBITS
    return 16 + zlib.MAX_WBITS if begun[:2] == b"\x1f\x8b" else -zlib.MAX_WBITS


DECODERS: Final[Mapping[str, type[Decoder]]] = {
    "identity": Decoder,
    "gzip": Zlib,
    "x-gzip": Zlib,
    "deflate": Zlib,
    "br": Brotli,
}
