"""Resolution of a service's URL: the operator's, or what the document of its DID says.

A document that is not remembered is asked for on the event loop, as the service itself will be: a
DID whose server is slow holds no thread.
"""

import asyncio
from functools import partial

from django.conf import settings

from accounts.identity import resolution
from accounts.identity.resolution import NetworkUnavailable, UnresolvedDid, documents
from protocol.did.did_document import DidDocument
from server.net import async_http
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
    headers = {**documents.HEADERS, "Accept-Encoding": "identity"}
    request = async_http.Request("GET", place.url, headers, is_ours=place.is_ours)
    try:
        async with (
            asyncio.timeout(settings.RESOLVE_TIMEOUT_S),
            exchange.upstream.ask(request) as reply,
        ):
            body = await reply.whole(documents.DOCUMENT_MAX_BYTES)
    except (async_http.UpstreamError, TimeoutError):
        return await _settled(exchange, did, _unavailable)
    return await _settled(exchange, did, partial(documents.read, status=reply.status, body=body))


async def _settled(exchange: Exchange, did: str, hear: resolution.Hear) -> DidDocument:
    return await exchange.run(_POOL, lambda: resolution.settle_did(did, hear))


def _unavailable(_did: str) -> resolution.Document:
    raise NetworkUnavailable("Could not resolve DID: its server does not answer")
