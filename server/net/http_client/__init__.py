"""The outgoing HTTP client: bounded in time and size, no redirects, no way inside.

One client with two faces. Whoever has a thread waits for a whole answer:

    request("GET", url) -> Answer          a URL that untrusted parties can influence
    request_configured("GET", url)         a URL that the operator wrote into the settings

Whoever is on an event loop hands an answer on as it comes, in constant memory:

    Connections().ask(request) -> async context of a Reply     one object per event loop

Both raise the errors of `errors`: `Unreachable` when a request certainly did not arrive, `TimedOut`
when it may have been acted upon.
"""

from server.net.http_client.blocking import Answer, request, request_configured
from server.net.http_client.decoded_answers import Undecodable
from server.net.http_client.errors import (
    BadResponse,
    Busy,
    Forbidden,
    NoSuchHost,
    RequestFailed,
    TimedOut,
    TooLarge,
    Unreachable,
)
from server.net.http_client.messages import USER_AGENT, Chunks, Request
from server.net.http_client.pool import Connections, Reply

__all__ = [
    "USER_AGENT",
    "Answer",
    "BadResponse",
    "Busy",
    "Chunks",
    "Connections",
    "Forbidden",
    "NoSuchHost",
    "Reply",
    "Request",
    "RequestFailed",
    "TimedOut",
    "TooLarge",
    "Undecodable",
    "Unreachable",
    "request",
    "request_configured",
]
