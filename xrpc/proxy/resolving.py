"""Resolution of a service's URL: the operator's, or what the document of its DID says.

A document that is not remembered is asked for on the event loop, as the service itself will be: a
DID whose server is slow holds no thread.
"""

from functools import partial

from django.conf import settings

from accounts.identity import resolution
from accounts.identity.resolution import NetworkUnavailable, UnresolvedDid, documents
from protocol.did.did_document import DidDocument
from server.net import http_client
from server.web.deferred_response import Exchange
from xrpc.proxy.destinations import Service, UnresolvedService

_POOL = "fast"


async def url_of(exchange: Exchange, service: Service) -> str:
    """The service's URL, without trailing slash. Raises UnresolvedService."""
    if service.url:
        return service.url
    try:
        document = await exchange.run(_POOL, lambda: resolution.known_did(service.did))
        url = (document or await _asked(exchange, service.did)).service(service.id)
    except (UnresolvedDid, NetworkUnavailable) as reason:
        raise UnresolvedService("could not resolve proxy did") from reason
    if url is None:
        raise UnresolvedService("could not resolve proxy did service url")
    return url


async def _asked(exchange: Exchange, did: str) -> DidDocument:
    """The document from the DID's own server. Raises UnresolvedDid, NetworkUnavailable."""
    place = documents.place_of(did)
    request = http_client.Request(
        "GET",
        place.url,
        documents.HEADERS,
        is_ours=place.is_ours,
        timeout_s=settings.RESOLVE_TIMEOUT_S,
    )
    try:
        async with exchange.upstream.ask(request) as reply:
            body = await reply.whole(documents.DOCUMENT_MAX_BYTES)
    except http_client.RequestFailed:
        return await _settled(exchange, did, _unavailable)
    return await _settled(exchange, did, partial(documents.read, status=reply.status, body=body))


async def _settled(exchange: Exchange, did: str, hear: resolution.Hear) -> DidDocument:
    return await exchange.run(_POOL, lambda: resolution.settle_did(did, hear))


def _unavailable(_did: str) -> resolution.Document:
    raise NetworkUnavailable("Could not resolve DID: its server does not answer")
