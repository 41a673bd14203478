"""Clients by their identifier, and their keys: fetched, checked, remembered for ten minutes.

The URL is untrusted, so it goes through the guarded client (server.net.http_client): public
addresses, no redirects, 200 and JSON alone, so many bytes and seconds. Documents are public facts
and shared by all hosts. A copy that was good stands in for a day while its server is away: a fault
of somebody else's must not end anybody's session. Whoever makes us ask pays from their network's
budget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from accounts.oauth.clients import client_ids, documents
from accounts.oauth.clients.documents import Client
from accounts.oauth.errors import InvalidClientMetadata
from hosting import limits
from hosting.limits import MINUTE_S, Budget, bucket
from server.cache.shared import SharedCache
from server.net.json_documents import DocumentRefused, DocumentUnavailable
from server.net.remembered_documents import Bounds, RememberedDocuments

REMEMBERED_MAX: Final = 2_000
LOOK_UPS = bucket("oauth-client-look-ups", Budget(60, 5 * MINUTE_S))
DOCUMENTS: Final = RememberedDocuments(
    SharedCache("oauth-client", REMEMBERED_MAX, slots=REMEMBERED_MAX),
    Bounds(
        timeout_s=5.0,
        max_bytes=64 * 1024,
        fresh_s=600.0,
        kept_s=86_400.0,
        again_s=30.0,
        refused_s=30.0,
    ),
    must_say_json=True,
)


class ClientUnavailable(InvalidClientMetadata):
    """The document's server did not answer: not the client's last word."""


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf we ask: the network of the request; empty for nobody's budget."""

    network: str = ""


def find(client_id: str, asker: Asker = Asker()) -> Client:
    """The client of this identifier. Raises InvalidClient, InvalidClientMetadata,
    RateLimitExceeded."""
    if client_ids.is_loopback(client_id):
        return _loopback(client_id)
    client_ids.check(client_id)
    return documents.read(client_id, _document(client_id, asker))


def keys_of(
    client: Client, asker: Asker, *, are_new: bool = False
) -> tuple[Mapping[str, Any], ...]:
    """The client's public keys; `are_new` asks its server even if they are remembered, when that
    was not done lately. Raises InvalidClientMetadata, RateLimitExceeded."""
    if client.jwks_uri:
        return documents.keys_in(_document(client.jwks_uri, asker, is_new=are_new))
    if are_new:
        return documents.read(
            client.client_id, _document(client.client_id, asker, is_new=True)
        ).jwks
    return client.jwks


@lru_cache(maxsize=REMEMBERED_MAX)
def _loopback(client_id: str) -> Client:
    client_ids.check(client_id)
    return documents.of_loopback(client_id)


def forget(client_id: str) -> None:
    """Ask again next time."""
    DOCUMENTS.forget(client_id)


def _document(url: str, asker: Asker, *, is_new: bool = False) -> Mapping[str, Any]:
    def charge() -> None:
        if asker.network:
            limits.spend(LOOK_UPS, None, asker.network)

    try:
        return DOCUMENTS.get(url, is_new=is_new, before_asking=charge)
    except DocumentUnavailable as failure:
        raise ClientUnavailable(str(failure)) from failure
    except DocumentRefused as refusal:
        raise InvalidClientMetadata(str(refusal)) from refusal
