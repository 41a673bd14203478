"""An answer as it arrives: its head and body are bounded, and nothing is taken for another answer.

The parser is llhttp's, at its strictest; what it does not count is counted here.
"""

from collections import deque

import httptools

from server.net.http_client.errors import BadResponse

HEAD_MAX_BYTES = 65_536  # of all headers, trailers and interim responses together
HEADERS_MAX = 200
_FRAMING_TIMES = 8  # bytes of framing for one of the body's: a chunk of a single byte has six


class _Excess(Exception):
    """More than an answer may have of something."""


class Incoming:
    """The answer to one request. `status` is 0 until its head is whole; header names are in lower
    case, repeated ones joined. The body gathers until it is taken, as it travelled."""

    def __init__(self, method: str) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_whole = False
        self.can_follow = False  # whether the connection is good for another request
        self.held_bytes = 0
        self._is_head = method == "HEAD"
        self._ends_with_connection = False
        self._pieces: deque[bytes] = deque()
        self._header_bytes = self._header_count = 0
        self._wire_bytes = self._body_bytes = 0
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Bytes from the wire. Raises BadResponse."""
        self._wire_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as reason:
            self.can_follow = False
            if not self.is_whole:  # else: something behind it, which is nobody's
                raise BadResponse(f"no HTTP: {reason.__context__ or reason}") from reason
        if self._wire_bytes > HEAD_MAX_BYTES + (1 + _FRAMING_TIMES) * self._body_bytes:
            raise BadResponse("headers or chunks without end")

    def end(self, *, is_clean: bool) -> bool:
        """The connection is over; whether the answer is whole."""
        self.can_follow = False
        self.is_whole = self.is_whole or (
            is_clean and self.status > 0 and self._ends_with_connection
        )
        return self.is_whole

    def take(self) -> bytes:
        """What has come of the body since; b"" for nothing."""
        pieces = self._pieces
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.held_bytes = 0
        return taken

    # --- callbacks of httptools, which turns what they raise into a HttpParserError

    def on_message_begin(self) -> None:
        if self.is_whole:
            raise _Excess("a second answer to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        self._header_count += 1
        if self._header_bytes > HEAD_MAX_BYTES or self._header_count > HEADERS_MAX:
            raise _Excess("too many headers")
        if self.status:
            return  # a trailer
        key, text = name.lower().decode("latin-1"), value.strip().decode("latin-1")
        known = self.headers.get(key)
        self.headers[key] = text if known is None else f"{known},{text}"

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise _Excess("a protocol that nobody asked for")
            self.headers.clear()  # an interim response: the real one follows
            return
        coding = self.headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise _Excess("a transfer coding that nobody asked for")
        self.status = status
        self._ends_with_connection = coding is None and "content-length" not in self.headers
        self.is_whole = self._is_head  # httptools would wait for the body that a GET has

    def on_body(self, piece: bytes) -> None:
        self._body_bytes += len(piece)
        if not self.is_whole:
            self._pieces.append(piece)
            self.held_bytes += len(piece)

    def on_message_complete(self) -> None:
        if self.status and not self.is_whole:
            self.is_whole = True
            self.can_follow = self._parser.should_keep_alive()
