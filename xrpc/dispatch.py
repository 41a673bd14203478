"""The dispatcher: one DRF view for `/xrpc/<nsid>`.

Source: atproto.com/specs/xrpc. The view keeps DRF's Request and its exception hook and replaces
`dispatch` by a short straight line: verb, credentials, parameters, body, method, answer. Stock DRF
costs 190 us a request in negotiation and rendering that XRPC has no use for; this costs about 50.
Methods never see DRF: they get a `Call` and give back a value.
"""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from accounts.authentication.live_sessions import SessionEnded
from hosting.tenancy import suspension
from hosting.tenancy.routing import host_of
from protocol.errors import InvalidRequest, XrpcError
from protocol.syntax import is_nsid
from server.web import faults
from server.web.bodies.decoded_bodies import Body
from server.web.bodies.ranges import Stored
from server.web.uploads import Upload, is_still_arriving
from xrpc import (
    app_bsky,  # noqa: F401 - importing it declares its methods
    com_atproto,  # noqa: F401 - importing it declares its methods
    registry,
)
from xrpc.auth import apps, delegated_deeds, suspended_hosts
from xrpc.proxy.methods import QUERY_LABELS
from xrpc.proxy.unknown_methods import forward_for_no_staff, forward_labels, forward_unknown
from xrpc.rate_limits import Throttle
from xrpc.registry import HTTP_VERB, SUBSCRIPTION, Method
from xrpc.request import queries
from xrpc.request.bodies import check_content_type, read_json
from xrpc.request.call import Answer, Call, Caller, HandedOn, Streamed, Whole
from xrpc.response.answers import encode, respond
from xrpc.response.errors import NotSupported, render
from xrpc.response.variants import mark_private

_JSON = "application/json"


class XrpcView(APIView):
    """Every query and procedure passes here, and every refusal leaves here."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = ()
    renderer_classes = ()

    def dispatch(self, request: WSGIRequest, nsid: str) -> HttpResponseBase:  # type: ignore[override]
        self.request = self.initialize_request(request, nsid)
        throttle = Throttle(request)
        try:
            response = _answer(request, nsid, throttle)
        except Exception as error:  # noqa: BLE001 - DRF's hook: nothing of our inside may show outside
            response = _refused(request, error)
        throttle.set_headers(response)
        apps.mark(request, response)
        method = registry.find(nsid)
        if method is None or method.auth.reads_credentials:  # nor may a refusal be kept
            mark_private(response.headers)
        return response


def _answer(request: WSGIRequest, nsid: str, throttle: Throttle) -> HttpResponseBase:
    throttle.count_request(nsid)
    method = _find(request, nsid)
    if method is None:
        suspension.refuse_suspended(host_of(request))
        return respond(request, forward_unknown(request, host_of(request), nsid))
    if handed_on := _for_another_service(request, method):
        return respond(request, handed_on)
    call = _call(request, method)
    suspended_hosts.check(call, nsid, method.auth, is_query=method.kind == registry.QUERY)
    if call.permissions is not None and method.scope is not None and method.scope.check is not None:
        method.scope.check(call.permissions, call)
    throttle.charge(method.limits, call)
    if _has_to_be_received(request, method, call):
        upload = Upload(
            call.body.limit_bytes,
            lambda file: _received(request, method, call, throttle, file),
            render,
        )
        return respond(request, HandedOn(upload))
    return _run(request, method, call, throttle)


def _for_another_service(request: WSGIRequest, method: Method) -> HandedOn | None:
    """A call of a method of ours that goes elsewhere before anything of it is read."""
    if method.auth.is_for_staff:
        return forward_for_no_staff(request, host_of(request), method)
    if method.nsid == QUERY_LABELS:
        return forward_labels(request, host_of(request), method.nsid)
    return None


def _run(request: WSGIRequest, method: Method, call: Call, throttle: Throttle) -> HttpResponseBase:
    try:
        with throttle.running(method.limits, method.pool, call):
            answer = method.run(call)
    except SessionEnded:
        throttle.refund()
        raise
    except Exception:
        request.caller_did = call.did  # type: ignore[attr-defined] # the log reads it
        raise
    if call.actor:
        delegated_deeds.note(method.nsid, call, is_procedure=method.kind == registry.PROCEDURE)
    _check_output(method, answer)
    return respond(request, answer)


def _has_to_be_received(request: WSGIRequest, method: Method, call: Call) -> bool:
    """Whether the method takes bytes that are still on their way, and not too many."""
    if method.lexicon.input_encoding in (None, _JSON) or not is_still_arriving(request.META):
        return False
    return call.body.length is None or call.body.length <= call.body.limit_bytes


def _received(
    request: WSGIRequest, method: Method, call: Call, throttle: Throttle, file: IO[bytes]
) -> HttpResponseBase:
    """The second half of a call, when its body is there."""
    call.body.arrived(file)
    try:
        return _run(request, method, call, throttle)
    except Exception as error:  # noqa: BLE001 - as the view has it
        return _refused(request, error)


def _refused(request: WSGIRequest, error: Exception) -> HttpResponseBase:
    """A refusal as its envelope, anything else as a bare 500 with a request id."""
    error = apps.said(request, error)
    refusal = error if isinstance(error, XrpcError) else faults.refusal_of(request, error)
    response = render(refusal)
    apps.explain(response, refusal)
    return response


def _find(request: WSGIRequest, nsid: str) -> Method | None:
    """The method of ours; None for a name that another service may know."""
    if method := registry.find(nsid):
        verb = "GET" if request.method == "HEAD" else request.method
        if verb != HTTP_VERB[method.kind]:
            raise _wrong_verb(request, HTTP_VERB[method.kind])
        return method
    _refuse_no_method(request, nsid)
    return None


def _refuse_no_method(request: WSGIRequest, nsid: str) -> None:
    """Raise for a name that is no method's, or that is a stream's of ours."""
    if not nsid or "/" in nsid:
        raise NotSupported
    if not is_nsid(nsid):
        raise InvalidRequest(f"Not a valid method name: {nsid}")
    if registry.find_subscription(nsid):
        expected = HTTP_VERB[SUBSCRIPTION]
        if request.method != expected:
            raise _wrong_verb(request, expected)
        raise InvalidRequest(f"{nsid} is a subscription: connect with a WebSocket")


def _wrong_verb(request: WSGIRequest, expected: str) -> InvalidRequest:
    return InvalidRequest(f"Incorrect HTTP method ({request.method}) expected {expected}")


def _call(request: WSGIRequest, method: Method) -> Call:
    """Read a request in the order in which its faults are reported: who, what, with which body."""
    host = host_of(request)
    credentials = method.auth.read(request, host)
    _check_fixed_scope(method, credentials.caller)
    params = read_params(request, method)
    body = Body(request, method.body_limit_bytes(host))
    value = read_input(body, method)
    address = request.META.get("REMOTE_ADDR", "")
    return Call(
        host,
        params,
        value,
        credentials.caller,
        body,
        credentials.bearer,
        address,
        credentials.service,
        request.META,
    )


def _check_fixed_scope(method: Method, caller: Caller | None) -> None:
    if caller is None or caller.permissions is None or method.scope is None:
        return
    if method.scope.fixed is not None:
        method.scope.fixed(caller.permissions)


def read_params(request: HttpRequest, method: Method) -> Mapping[str, Any]:
    """The query string by the lexicon: typed, with defaults. Raises InvalidRequest."""
    query = request.META.get("QUERY_STRING", "")
    return method.lexicon.parse_params(queries.read(query))


def read_input(body: Body, method: Method) -> Mapping[str, Any]:
    """The input by the lexicon; `{}` where it is bytes (left unread) or none. Raises XrpcError."""
    declared = method.lexicon.input_encoding
    if declared is None:
        if body.is_present():
            raise InvalidRequest("A request body was provided when none was expected")
        return {}
    if body.is_missing:
        raise InvalidRequest("A request body is expected but none was provided")
    check_content_type(body.content_type, declared)
    if declared != _JSON:
        return {}
    given = read_json(body) if body.is_present() else {}  # what browsers send for no body
    value: Mapping[str, Any] = method.lexicon.check_input(given)
    return value


def _check_output(method: Method, answer: Answer) -> None:
    """In tests every answer is held against its lexicon; a wrong one is our fault, so a 500."""
    if settings.XRPC_CHECK_OUTPUT and not isinstance(answer, Streamed | Stored | Whole | HandedOn):
        text = encode(answer)
        if text is not None or method.lexicon.output_encoding:
            method.lexicon.check_output(orjson.loads(text or b"null"))  # noqa: TID251 - our own
