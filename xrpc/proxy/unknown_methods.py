"""Proxying of unknown methods, and of those that another service answers better for this caller.

Source: atproto.com/specs/xrpc, "Service Proxying": whatever a host does not answer itself goes to
the service that the client names, or to the app view.
"""

from django.core.handlers.wsgi import WSGIRequest

from hosting.models import Host
from moderation.labels import labelers
from protocol.errors import InvalidRequest
from xrpc.auth import delegated_deeds, service_callers
from xrpc.auth.declared import BEARER, DPOP, FULL, Auth
from xrpc.proxy import destinations, methods
from xrpc.proxy.plans import proxy_context_of, refuse_protected
from xrpc.proxy.relaying import Relay
from xrpc.proxy.rpc_scopes import check_caller
from xrpc.registry import Method
from xrpc.request.call import HandedOn
from xrpc.response.errors import MethodNotImplemented

_VERBS = ("GET", "HEAD", "POST")
_AUTH = Auth.account()
_ADMINS = Auth.account(FULL)  # nothing that an app was given opens a host


def forward_for_no_staff(request: WSGIRequest, host: Host, method: Method) -> HandedOn | None:
    """Hand on a call of a method for this host's admin or moderation service that comes with the
    session of an account and names another service: the account may be staff there.

    None for everybody else, whom the method itself answers or turns away. Raises as
    `forward_unknown` does.
    """
    header = request.META.get("HTTP_ATPROTO_PROXY")
    if not header or not _is_session(request) or methods.is_protected(method.nsid):
        return None
    if header.partition("#")[0] == host.service_did:
        return None
    return forward_unknown(request, host, method.nsid)


def forward_labels(request: WSGIRequest, host: Host, nsid: str) -> HandedOn | None:
    """Hand on a question about labels that names another labeler, or an app view.

    None for what names nobody, or the labeler of the host's tenant: answered here, to anybody.
    Raises as `forward_unknown` does.
    """
    header = request.META.get("HTTP_ATPROTO_PROXY")
    if not header or header.partition("#")[0] == host.service_did:
        return None
    if labelers.named(host, destinations.named(host, header).did) is not None:
        return None
    return forward_unknown(request, host, nsid)


def _is_session(request: WSGIRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == DPOP:
        return True
    return scheme.lower() == BEARER and not service_callers.is_service_token(token.strip())


def forward_unknown(request: WSGIRequest, host: Host, nsid: str) -> HandedOn:
    """Hand a call on as it is, in the caller's name.

    Raises MethodNotImplemented when nobody was named and nobody is configured, InvalidRequest,
    and what `Auth.account` raises.
    """
    if request.method not in _VERBS:
        raise InvalidRequest("XRPC requests only supports GET and POST")
    refuse_protected(nsid)
    service = destinations.chosen(host, request.META.get("HTTP_ATPROTO_PROXY"), nsid)
    if service is None:
        raise MethodNotImplemented(destinations.why_nobody(nsid))
    auth = _ADMINS if methods.is_for_admins(nsid) else _AUTH
    caller = auth.read(request, host).caller
    check_caller(caller, nsid, service)
    if request.method == "POST":
        delegated_deeds.note_relayed(host, caller, nsid, service.name)
    proxy_context = proxy_context_of(host, caller, request.META, nsid)
    return HandedOn(Relay(proxy_context.to(service, nsid)))
