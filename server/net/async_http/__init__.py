"""The asynchronous HTTP client: streamed both ways, in constant memory, without threads.

For answers that are handed on to a client (xrpc.proxy). What our own packages ask and wait for goes
through `server.net.http_client`, with the same rules: bounded, no redirects, no way inside.

    Connections().ask(request) -> async context of a Reply     one object per event loop
"""

from server.net.async_http.connections import Connections
from server.net.async_http.errors import (
    BadResponse,
    Busy,
    Forbidden,
    TimedOut,
    Unreachable,
    UpstreamError,
)
from server.net.async_http.messages import Reply, Request

__all__ = [
    "BadResponse",
    "Busy",
    "Connections",
    "Forbidden",
    "Reply",
    "Request",
    "TimedOut",
    "Unreachable",
    "UpstreamError",
]
