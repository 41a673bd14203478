"""Error responses: `{"error": name, "message": text}`.

Source: atproto.com/specs/xrpc, "Error Responses". Packages raise subclasses of
`protocol.errors.XrpcError`; this module holds those that only the HTTP edge can raise, and the one
function that renders them.
"""

import orjson
import structlog
from django.http import HttpRequest, HttpResponse

from hosting.limits import RateLimitExceeded
from protocol.errors import XrpcError
from server.database import connection
from server.logs.requests import id_of

JSON = "application/json; charset=utf-8"
logger = structlog.stdlib.get_logger(__name__)


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
    headers = error.headers if isinstance(error, RateLimitExceeded) else None
    return HttpResponse(orjson.dumps(body), content_type=JSON, status=error.status, headers=headers)


def render_unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """A fault of ours: the client gets a number to quote, the log gets the rest. While Postgres
    restarts or is away it is no fault, and worth another try; a value that it can not hold is the
    client's, though we should have said so earlier, hence the line in the log."""
    if connection.is_outage(error):
        logger.warning("no database", request=request, reason=str(error))
        return _unavailable()
    if refusal := connection.unstorable_value(error):
        logger.warning("a value cannot be stored", request=request, reason=refusal.message)
        return render(refusal)
    request_id = id_of(request)
    logger.error("request failed", request=request, request_id=request_id, exc_info=error)
    fault = XrpcError("Internal Server Error", name="InternalServerError", status=500)
    response = render(fault)
    response["X-Request-Id"] = request_id
    return response


def _unavailable() -> HttpResponse:
    away = XrpcError("Please try again in a moment", name="ServiceUnavailable", status=503)
    response = render(away)
    response["Retry-After"] = str(connection.RETRY_AFTER_S)
    return response
