"""Other services, asked on the event loop: streamed both ways, in constant memory, without threads.

For answers that are handed on to a client (xrpc.proxy). What our own rooms ask and wait for goes
through `server.net.http_client`, with the same rules: bounded, no redirects, no way inside.

    Connections().ask(request) -> async context of a Reply     one object per event loop
"""

from server.net.async_http.connections import Connections
from server.net.async_http.errors import Broken, Busy, Forbidden, Late, Unreachable, UpstreamError
from server.net.async_http.messages import Reply, Request

__all__ = [
    "Broken",
    "Busy",
    "Connections",
    "Forbidden",
    "Late",
    "Reply",
    "Request",
    "Unreachable",
    "UpstreamError",
]
