"""Local methods that may be proxied: declared like all others, handed on or answered.

A method's own code decides; here are the three things that it needs for that.
"""

from xrpc.proxy import destinations
from xrpc.proxy.destinations import Service
from xrpc.proxy.plans import Finish, Plan, ProxyContext, proxy_context_of
from xrpc.proxy.relaying import Relay
from xrpc.request.call import Call, HandedOn
from xrpc.response.errors import MethodNotImplemented


def chosen_service(call: Call, nsid: str) -> Service | None:
    """Who answers: whom the caller names, else the default; None when there is neither."""
    return destinations.chosen(call.host, call.meta.get("HTTP_ATPROTO_PROXY"), nsid)


def needed_service(call: Call, nsid: str) -> Service:
    """As `chosen_service`. Raises MethodNotImplemented when there is none."""
    service = chosen_service(call, nsid)
    if service is None:
        raise MethodNotImplemented(destinations.why_nobody(nsid))
    return service


def proxy_context(call: Call, nsid: str) -> ProxyContext:
    """The caller's way to another service. Raises what `proxy_context_of` does."""
    return proxy_context_of(call.host, call.caller, call.meta, nsid)


def handed_on(call: Call, nsid: str, service: Service, finish: Finish | None = None) -> HandedOn:
    """The request as it came, to a service."""
    return relayed(proxy_context(call, nsid).to(service, nsid, finish=finish))


def relayed(plan: Plan) -> HandedOn:
    """The answer that a plan leads to."""
    return HandedOn(Relay(plan))
