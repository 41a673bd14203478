"""Where a service is: the operator's URL, or what the document of its DID says."""

from accounts import resolution
from accounts.resolution import NetworkSilent, UnresolvedDid
from hosting.handover import Exchange
from xrpc.proxy.services import Service, UnresolvedService

_LANE = "remote"


async def url_of(exchange: Exchange, service: Service) -> str:
    """The service's URL, without trailing slash. Raises UnresolvedService."""
    if service.url:
        return service.url
    return await exchange.run(_LANE, lambda: _looked_up(service))


def _looked_up(service: Service) -> str:
    try:
        url = resolution.resolve_did(service.did).service(service.id)
    except (UnresolvedDid, NetworkSilent) as reason:
        raise UnresolvedService("could not resolve proxy did") from reason
    if url is None:
        raise UnresolvedService("could not resolve proxy did service url")
    return url
