"""Requests to other services, and their streamed replies."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpcore
from django.conf import settings

from server.net.async_http.errors import (
    BadResponse,
    Forbidden,
    TimedOut,
    Unreachable,
    UpstreamError,
)
from server.net.http_client import USER_AGENT

Chunks = AsyncIterator[bytes]
_PORTS = {"http": 80, "https": 443}
_RAISED: Final = {
    httpcore.ConnectTimeout: Unreachable,
    httpcore.ConnectError: Unreachable,
    httpcore.TimeoutException: TimedOut,
    httpcore.NetworkError: BadResponse,
    httpcore.ProtocolError: BadResponse,
}


@dataclass(frozen=True)
class Request:
    """What to send. `is_ours` says that the operator wrote the URL: it may then lead anywhere.

    A streamed `body` has its length in bytes in `length`, or is sent in chunks. `caller` says on
    whose behalf it is sent: nobody has more than a share of all connections.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | Chunks = b""
    length: int | None = None
    is_ours: bool = False
    caller: str = ""

    @property
    def parts(self) -> SplitResult:
        """The URL, taken apart. Raises Forbidden for one that may not be asked."""
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise Forbidden("not a URL as HTTP has it")
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError as reason:
            raise Forbidden("not a URL") from reason
        is_open = self.is_ours or settings.SANDBOX
        allowed = ("http", "https") if is_open else ("https",)
        if parts.scheme not in allowed or not parts.hostname or "@" in parts.netloc:
            raise Forbidden(f"only {' and '.join(allowed)} URLs are asked")
        return parts

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host name, port. Raises Forbidden."""
        parts = self.parts
        return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]

    def to_httpcore(self, body: Chunks, timeouts: Mapping[str, float]) -> httpcore.Request:
        """The request as HTTP/1.1 has it, with `body` in the place of its own. Raises Forbidden."""
        parts = self.parts
        scheme, host, port = self.origin
        target = parts.path or "/"
        url = httpcore.URL(
            scheme=scheme.encode(),
            host=host.encode(),
            port=port,
            target=(f"{target}?{parts.query}" if parts.query else target).encode(),
        )
        headers = {"Host": parts.netloc, "User-Agent": USER_AGENT, **self.headers, **self._size()}
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return httpcore.Request(
            self.method, url, headers=encoded, content=body, extensions={"timeout": timeouts}
        )

    def _size(self) -> dict[str, str]:
        if not isinstance(self.body, bytes) and self.length is None:
            return {"Transfer-Encoding": "chunked"}
        length = len(self.body) if isinstance(self.body, bytes) else self.length
        return {"Content-Length": str(length)} if length or self.method == "POST" else {}


@dataclass
class Reply:
    """The head of a reply, and its body as it comes. Header names in lower case.

    The body is what travelled: nothing here undoes a Content-Encoding.
    """

    status: int
    headers: Mapping[str, str]
    _response: httpcore.Response

    async def chunks(self, max_bytes: int) -> Chunks:
        """The body piece by piece. Raises TimedOut, BadResponse, also for more than `max_bytes`."""
        size = 0
        try:
            async for chunk in self._response.aiter_stream():
                size += len(chunk)
                if size > max_bytes:
                    raise BadResponse(f"more than {max_bytes} bytes")
                yield chunk
        except tuple(_RAISED) as reason:
            raise translated(reason) from reason

    async def whole(self, max_bytes: int) -> bytes:
        """All of the body. Raises TimedOut, BadResponse, also for more than `max_bytes`."""
        return b"".join([chunk async for chunk in self.chunks(max_bytes)])


def translated(reason: Exception) -> UpstreamError:
    """The error of ours for one of httpcore's."""
    kind = next(
        (ours for theirs, ours in _RAISED.items() if isinstance(reason, theirs)), BadResponse
    )
    if isinstance(reason, httpcore.LocalProtocolError):  # it may quote a header of ours
        return kind(type(reason).__name__)
    return kind(f"{type(reason).__name__}: {reason}")


def headers_of(response: httpcore.Response) -> dict[str, str]:
    """The headers of a response by lower-case name; repeated ones joined."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
