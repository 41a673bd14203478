"""Decoded request bodies: packed as the client likes, counted while they unfold.

Sizes count decoded bytes while they stream, so neither a lying Content-Length nor a gzip bomb gets
past them.
"""

from collections.abc import Callable
from typing import IO, Protocol

from django.core.handlers.wsgi import WSGIRequest

from protocol.errors import InvalidRequest, XrpcError
from server.net.content_codings import DECODERS, BrokenCoding, Decoder

CHUNK_BYTES = 65_536
# What an honest body never comes to: JSON is packed 20 to 1 at the most, repos and pictures hardly.
MAX_RATIO = 100
RATIO_FREE_BYTES = 1_000_000


class PayloadTooLarge(XrpcError):
    """413: more bytes than this method takes."""

    name = "PayloadTooLarge"
    status = 413
    template = "request entity too large (limit {} bytes)"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(self.template.format(limit_bytes))
        self.limit_bytes = limit_bytes


class UnsupportedEncoding(XrpcError):
    """415: a Content-Encoding that this server cannot undo."""

    name = "UnsupportedMediaType"
    status = 415


class Readable(Protocol):
    """As much of a file as a body needs: at most so many bytes, and none at the end."""

    def read(self, size: int, /) -> bytes: ...


class Body:
    """The decoded body of one request, read at most once, by pieces or whole.

    `length` is what the client declared, in bytes as they travel, or None; `is_encoded` says that
    the decoded length must differ from it; `read_bytes` counts the decoded bytes read so far.
    `file` holds just the bytes that `read` gives, where they were received into one.
    """

    def __init__(self, request: WSGIRequest, limit_bytes: int) -> None:
        meta = request.META
        declared = meta.get("CONTENT_LENGTH") or ""
        self.length: int | None = int(declared) if declared.isdigit() else None
        self.content_type: str = meta.get("CONTENT_TYPE", "")
        self.limit_bytes = limit_bytes
        encoding = meta.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        self.is_encoded = encoding not in ("", "identity")
        self._is_chunked = self.length is None and _is_chunked(request)
        self.source: Readable = meta["wsgi.input"] if self._is_chunked else request
        self._decoder = _decoder(encoding) if self.is_encoded else None
        self._ahead = b""
        self.file: IO[bytes] | None = None
        self.read_bytes = self._raw_count = 0
        self._heard: Callable[[int], None] | None = None

    def arrived(self, file: IO[bytes]) -> None:
        """Read from here what was still on its way (server.web.uploads)."""
        self.source = file
        self.file = None if self.is_encoded else file

    def count_with(self, hear: Callable[[int], None]) -> None:
        """Tell `hear` how many decoded bytes came so far, after each piece; what it raises ends the
        reading."""
        self._heard = hear

    @property
    def is_missing(self) -> bool:
        """Whether the request announces no body at all: not even an empty one, as a blob may be."""
        return self.length is None and not self._is_chunked

    def is_present(self) -> bool:
        """Whether the client sent any byte; an empty chunked body counts as none."""
        if self._is_chunked and not self._ahead:
            self._ahead = self._raw(CHUNK_BYTES)
            return bool(self._ahead)
        return bool(self.length or self._ahead)

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        """The next decoded bytes, at most `size`; b"" at the end. Raises PayloadTooLarge."""
        if not self.is_encoded and self.length is not None and self.length > self.limit_bytes:
            raise PayloadTooLarge(self.limit_bytes)
        piece = self._decoded(self._decoder, size) if self._decoder else self._raw(size)
        self.read_bytes += len(piece)
        if self.read_bytes > self.limit_bytes:
            raise PayloadTooLarge(self.limit_bytes)
        if self._decoder and self.read_bytes > RATIO_FREE_BYTES + MAX_RATIO * self._raw_count:
            raise InvalidRequest(f"The request body is compressed more than {MAX_RATIO} to 1")
        if self._heard is not None:
            self._heard(self.read_bytes)
        return piece

    def read_all(self) -> bytes:
        """Every decoded byte. Raises PayloadTooLarge."""
        pieces = []
        while piece := self.read():
            pieces.append(piece)
        return b"".join(pieces)

    def _raw(self, size: int) -> bytes:
        if self._ahead:
            piece, self._ahead = self._ahead[:size], self._ahead[size:]
            return piece
        try:
            return self.source.read(size)
        except OSError as error:
            raise InvalidRequest("The request body was cut off") from error

    def _packed(self) -> bytes:
        piece = self._raw(CHUNK_BYTES)
        self._raw_count += len(piece)
        return piece

    def _decoded(self, decoder: Decoder, size: int) -> bytes:
        packed = b""  # first what is in the decoder still
        try:
            while not decoder.is_finished:
                if piece := decoder.decode(packed, size):
                    return piece
                if not decoder.is_finished and not (packed := self._packed()):
                    raise InvalidRequest("The request body ends before its encoding does")
        except BrokenCoding as fault:
            raise InvalidRequest("The request body is not what Content-Encoding says") from fault
        return b""


def _is_chunked(request: WSGIRequest) -> bool:
    return "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()


def _decoder(encoding: str) -> Decoder:
    if encoding not in DECODERS:
        known = ", ".join(DECODERS)
        raise UnsupportedEncoding(f"Unsupported Content-Encoding: {encoding} (not of {known})")
    return DECODERS[encoding]()
