"""Requests to other servers, as HTTP/1.1 has them (RFC 9112)."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from server.net.http_client.errors import Forbidden, Unreachable
from server.version import VERSION

USER_AGENT: Final = f"Grove/{VERSION} (AT Protocol PDS)"
Chunks = AsyncIterator[bytes]
_PORTS: Final = {"http": 80, "https": 443}
# What says where a message ends, and for whom it is, is this client's affair alone.
_HEADERS: Final = re.compile(
    r"(?:(?!(?i:host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer):)"
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n)*"
)
_METHOD: Final = re.compile(r"[A-Z]+")


class Place(NamedTuple):
    """Where a URL leads: `target` is its path and query, `authority` what stands in `Host`."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str


@dataclass(frozen=True)
class Request:
    """What to send. `is_ours` says that the operator wrote the URL: it may then lead anywhere.

    A streamed `body` has its length in bytes in `length`, or is sent in chunks. `caller` says on
    whose behalf it is sent: nobody has more than a share of all connections. `timeout_s` is for the
    whole exchange, beside the limits of its phases.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | Chunks = b""
    length: int | None = None
    is_ours: bool = False
    caller: str = ""
    timeout_s: float | None = None

    def place(self) -> Place:
        """The URL, taken apart. Raises Forbidden for one that may not be asked."""
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise Forbidden("not a URL as HTTP has it")
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as reason:
            raise Forbidden("not a URL") from reason
        allowed = ("http", "https") if self.is_ours or settings.SANDBOX else ("https",)
        host = parts.hostname
        if parts.scheme not in allowed or not host or "@" in parts.netloc:
            raise Forbidden(f"only {' and '.join(allowed)} URLs are asked")
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        return Place(parts.scheme, host, port or _PORTS[parts.scheme], parts.netloc, target)

    def head(self, place: Place) -> bytes:
        """The request line and all headers. Raises Unreachable for what would be two messages."""
        given = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **self.headers}
        lines = "".join([f"{name}: {value}\r\n" for name, value in given.items()])
        is_method = _METHOD.fullmatch(self.method)
        if not is_method or not _HEADERS.fullmatch(lines) or lines.count("\r\n") != len(given):
            raise Unreachable("a method or a header that HTTP does not have")
        start = f"{self.method} {place.target} HTTP/1.1\r\nHost: {place.authority}\r\n"
        return f"{start}{lines}{self._size()}\r\n".encode("latin-1")

    @property
    def is_chunked(self) -> bool:
        """Whether the body is sent in chunks, as its length is not known."""
        return self.length is None and not isinstance(self.body, bytes)

    def _size(self) -> str:
        if self.is_chunked:
            return "Transfer-Encoding: chunked\r\n"
        length = len(self.body) if isinstance(self.body, bytes) else self.length
        return f"Content-Length: {length}\r\n" if length or self.method == "POST" else ""
