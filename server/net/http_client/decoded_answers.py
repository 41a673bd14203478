"""Decoded answers: the bytes behind a Content-Encoding (RFC 9110 section 8.4)."""

from collections.abc import Iterator

from server.net.content_codings import DECODERS, BrokenCoding
from server.net.http_client.errors import BadResponse

STEP_BYTES = 65_536


class Undecodable(BadResponse):
    """The body is not what its Content-Encoding says, or not in one coding that we know."""


class AnswerDecoder:
    """Undoes a Content-Encoding of one coding; each of its methods raises Undecodable."""

    def __init__(self, content_encoding: str) -> None:
        codings = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
        if len(codings) > 1:
            raise Undecodable(f"coded {len(codings)} times")
        self._coding = codings[0] if codings else "identity"
        if self._coding not in DECODERS:
            raise Undecodable(f"an unknown coding: {self._coding[:40]}")
        self._decoder = DECODERS[self._coding]()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What these bytes become, in pieces of STEP_BYTES at the most."""
        decoder = self._decoder
        try:
            for start in range(0, len(data), STEP_BYTES):
                taken = data[start : start + STEP_BYTES]
                while not decoder.is_finished and (piece := decoder.decode(taken, STEP_BYTES)):
                    yield piece
                    taken = b""
        except BrokenCoding as reason:
            raise Undecodable(f"not {self._coding}: {reason}") from reason

    def end(self) -> None:
        """There are no more bytes."""
        if self._coding != "identity" and not self._decoder.is_finished:
            raise Undecodable("ends before its encoding does")
