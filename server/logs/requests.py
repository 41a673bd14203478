"""What a log says of a request: a number to find it by, whose it was, and nothing of its content.

A log call names the request (`logger.error("...", request=request)`); its fields are read here,
when a line is written, so that a request without a line costs nothing. Query strings, headers and
bodies may hold secrets and are never looked at.
"""

import secrets
from typing import Any, Final

from structlog.typing import EventDict, WrappedLogger

Request = Any  # Django's HttpRequest, which processes without Django do not load
_XRPC: Final = "/xrpc/"
_MOST: Final = 200  # characters of what a client chose


def id_of(request: Request) -> str:
    """The request's number, made when it is first asked for; clients see it in X-Request-Id."""
    if not hasattr(request, "log_id"):
        request.log_id = secrets.token_hex(8)
    return str(request.log_id)


def add_request(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """A processor of structlog's: the fields of `request`, named by us or by Django."""
    request = event.pop("request", None) or getattr(event.get("_record"), "request", None)
    if hasattr(request, "META"):
        event.update(_fields(request))
    return event


def _fields(request: Request) -> dict[str, str]:
    path = request.path
    fields = {"request_id": id_of(request), "verb": request.method or ""}
    fields["host"] = request.META.get("HTTP_HOST", "")[:_MOST]
    if path.startswith(_XRPC):
        fields["method"] = path.removeprefix(_XRPC)[:_MOST]
    else:
        fields["path"] = path[:_MOST]
    if did := getattr(request, "caller_did", ""):
        fields["did"] = did
    return fields
