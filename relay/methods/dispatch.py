"""A call of one of the relay's methods: verb, parameters or body, the method, JSON.

All of them are public; what a network may ask is counted by hosting.tenancy.routing. Source:
atproto.com/specs/xrpc. The relay's errors have statuses of their own where indigo's have.
"""

from typing import Any, Final

import orjson
import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from hosting import limits
from protocol.errors import InvalidRequest, XrpcError
from protocol.lexicon import LexiconError, catalog
from protocol.lexicon.methods import MethodType
from protocol.untrusted_input import bounded_json
from protocol.untrusted_input.limits import InputLimits
from relay.methods import sync
from server.web.faults import ServiceUnavailable

_PROCEDURE: Final = "procedure"
_JSON: Final = "application/json; charset=utf-8"
_BODY_BYTES: Final = 4_096  # of {"hostname": ...}
_BODY: Final = InputLimits(containers=4, keys=16, values=32)


class MethodNotImplemented(XrpcError):
    """501: not a method of a relay."""

    name = "MethodNotImplemented"
    status = 501
    message = "Method Not Implemented"


logger = structlog.stdlib.get_logger(__name__)


def answer(request: HttpRequest, nsid: str) -> HttpResponseBase:
    """The answer to `/xrpc/{nsid}`."""
    try:
        found = sync.METHODS.get(nsid)
        lexicon = catalog().method(nsid) if found else None
        if found is None or lexicon is None:
            raise MethodNotImplemented
        if lexicon.kind == _PROCEDURE and not limits.is_exempt(request):  # a crawl is asked for
            limits.note(limits.charges(limits.REQUEST_CRAWL, (), limits.network_of(request)))
        said = found(_given(request, lexicon))
    except XrpcError as error:
        return _refused(error)
    except DatabaseError as error:
        logger.warning("the relay's tables could not be read", reason=str(error))
        return _refused(ServiceUnavailable())
    if isinstance(said, HttpResponse):
        return said
    if said is None:
        return HttpResponse(b"")
    return HttpResponse(orjson.dumps(said), content_type=_JSON)


def _given(request: HttpRequest, lexicon: MethodType) -> dict[str, Any]:
    """What was asked, checked. Raises InvalidRequest."""
    wanted = "POST" if lexicon.kind == _PROCEDURE else "GET"
    verb = "GET" if request.method == "HEAD" else request.method
    if verb != wanted:
        raise InvalidRequest(f"Incorrect HTTP method ({verb}) expected {wanted}")
    try:
        if wanted == "GET":
            return lexicon.parse_params(dict(request.GET.lists()))
        checked: dict[str, Any] = lexicon.check_input(_body(request))
    except LexiconError as error:
        raise InvalidRequest(str(error)) from error
    return checked


def _body(request: HttpRequest) -> Any:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > _BODY_BYTES:
        raise InvalidRequest("The request's body is too large.")
    try:
        return bounded_json.loads(request.read(_BODY_BYTES), _BODY)
    except ValueError as error:
        raise InvalidRequest(f"The request's body is not JSON: {error}") from error


def _refused(error: XrpcError) -> HttpResponse:
    body = orjson.dumps({"error": error.name, "message": error.message})
    return HttpResponse(body, content_type=_JSON, status=error.status, headers=error.headers)
