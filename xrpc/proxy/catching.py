"""Names that are no method of ours: another service may know them.

Source: atproto.com/specs/xrpc, "Service Proxying": whatever a host does not answer itself goes to
the service that the client names, or to the app view.
"""

from django.core.handlers.wsgi import WSGIRequest

from hosting.models import Host
from protocol.errors import InvalidRequest
from xrpc.auth import Auth
from xrpc.call import HandedOn
from xrpc.errors import MethodNotImplemented
from xrpc.proxy import destinations
from xrpc.proxy.plans import passage_of, refuse_protected
from xrpc.proxy.relaying import Relay

_VERBS = ("GET", "HEAD", "POST")
_AUTH = Auth.account()


def forward_unknown(request: WSGIRequest, host: Host, nsid: str) -> HandedOn:
    """Hand a call on as it is, in the caller's name.

    Raises MethodNotImplemented when nobody was named and nobody is configured, InvalidRequest,
    and what `Auth.account` raises.
    """
    if request.method not in _VERBS:
        raise InvalidRequest("XRPC requests only supports GET and POST")
    refuse_protected(nsid)
    service = destinations.chosen(request.META.get("HTTP_ATPROTO_PROXY"), nsid)
    if service is None:
        raise MethodNotImplemented(destinations.why_nobody(nsid))
    caller = _AUTH.read(request, host).caller
    passage = passage_of(host, caller, request.META, nsid)
    return HandedOn(Relay(passage.to(service, nsid)))
