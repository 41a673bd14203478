"""Upstream errors: what a client hears when another service refuses or fails.

Source: protocol, proxying. A refusal passes with its status, name and sentence, a fault of the
service's own does not: whatever it says about its inside, the client gets a 502.
"""

from collections.abc import Mapping
from typing import Final

from protocol.errors import XrpcError
from protocol.untrusted_input import bounded_json
from server.net import http_client
from server.net.http_client.decoded_answers import Undecodable
from xrpc.proxy.encodings import decoded
from xrpc.proxy.plans import Received

READ_MAX_BYTES = 65_536  # of a refusal, decoded too: it is read on the event loop
_UNREACHABLE: Final = "Upstream service unreachable"
_NAMES: Final = {
    400: "InvalidRequest",
    401: "AuthenticationRequired",
    403: "Forbidden",
    404: "XRPCNotSupported",
    406: "NotAcceptable",
    413: "PayloadTooLarge",
    415: "UnsupportedMediaType",
    429: "RateLimitExceeded",
    501: "MethodNotImplemented",
    502: "UpstreamFailure",
    503: "NotEnoughResources",
    504: "UpstreamTimeout",
}
_PHRASES: Final = {400: "Invalid Request", 404: "Not Found", 429: "Rate Limit Exceeded"}


class UpstreamFailure(XrpcError):
    """502: the service cannot be reached, broke off, or failed."""

    name = "UpstreamFailure"
    status = 502


class UpstreamTimeout(XrpcError):
    """504: the service did not answer in time."""

    name = "UpstreamTimeout"
    status = 504


class NotEnoughResources(XrpcError):
    """503: too many calls wait for the service already."""

    name = "NotEnoughResources"
    status = 503


def of_failure(failure: http_client.RequestFailed) -> XrpcError:
    """The refusal for an exchange that gave no reply. Its reason stays with us."""
    if isinstance(failure, http_client.Busy):
        return NotEnoughResources("Too many requests wait for the upstream service")
    if isinstance(failure, http_client.TimedOut) and not isinstance(
        failure, http_client.BadResponse
    ):
        return UpstreamTimeout("Upstream service timed out")
    return UpstreamFailure(_UNREACHABLE)


def of_reply(received: Received) -> XrpcError:
    """The refusal for a reply that is no success: a redirect is none, either."""
    name, message = said(received)
    status = received.status
    if status < 400 or status == 500 or status > 599:
        return UpstreamFailure(message or "Upstream service failed")
    default = _NAMES.get(status, "InvalidRequest" if status < 500 else "UpstreamFailure")
    return XrpcError(message or _PHRASES.get(status, default), name=name or default, status=status)


def said(received: Received) -> tuple[str, str]:
    """The error name and sentence in a reply; empty where it has none that can be read."""
    if not is_json(received.headers) or len(received.body) > READ_MAX_BYTES:
        return "", ""
    try:
        coding = received.headers.get("content-encoding", "")
        text = decoded(received.body, coding, READ_MAX_BYTES)
        value = bounded_json.loads(text)
    except (Undecodable, ValueError):
        return "", ""
    if not isinstance(value, dict):
        return "", ""
    name, message = value.get("error"), value.get("message")
    return (
        name if isinstance(name, str) else "",
        message if isinstance(message, str) else "",
    )


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether a reply says that it is JSON."""
    return "json" in headers.get("content-type", "").lower()
