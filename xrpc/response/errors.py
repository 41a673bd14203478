"""Error responses: `{"error": name, "message": text}`.

Source: atproto.com/specs/xrpc, "Error Responses". Packages raise subclasses of
`protocol.errors.XrpcError`; this module holds those that only the HTTP edge can raise, and the one
function that renders them.
"""

import orjson
from django.http import HttpResponse

from protocol.errors import XrpcError

JSON = "application/json; charset=utf-8"


class MethodNotImplemented(XrpcError):
    """501: a well-formed NSID that nobody here answers."""

    name = "MethodNotImplemented"
    status = 501

    def __init__(self, why: str = "") -> None:
        super().__init__(f"Method Not Implemented: {why}" if why else "Method Not Implemented")


class NotSupported(XrpcError):
    """404: a path outside the known routes."""

    name = "XRPCNotSupported"
    status = 404
    message = "Not Found"


class AuthMissing(XrpcError):
    """401: the method needs credentials and none came."""

    name = "AuthMissing"
    status = 401
    message = "Authentication Required"


class AuthenticationRequired(XrpcError):
    """401: credentials came, and they are not for this."""

    name = "AuthenticationRequired"
    status = 401


def render(error: XrpcError) -> HttpResponse:
    """The refusal as JSON. Headers that every answer carries are the dispatcher's business."""
    body = {"error": error.name, "message": error.message}
    return HttpResponse(
        orjson.dumps(body), content_type=JSON, status=error.status, headers=error.headers
    )
