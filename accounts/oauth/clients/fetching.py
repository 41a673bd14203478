"""Clients by their identifier, and their keys: fetched, checked, remembered for ten minutes.

The URL is untrusted, so it goes through the guarded client (server.net.http_client): public
addresses, no redirects, 200 and JSON alone, so many bytes and seconds. Documents are public facts
and shared by all hosts. A copy that was good stands in for a day while its server is away: a fault
of somebody else's must not end anybody's session. Whoever makes us ask pays from their network's
budget.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from accounts.oauth.clients import client_ids, documents
from accounts.oauth.clients.documents import Client
from accounts.oauth.errors import InvalidClientMetadata
from hosting import limits
from hosting.limits import MINUTE_S, Budget, bucket
from server.cache.shared import Entry, SharedCache
from server.cache.single_flight import SingleFlight
from server.net import json_documents
from server.net.json_documents import DocumentRefused, DocumentUnavailable

MAX_BYTES: Final = 64 * 1024
TIMEOUT_S: Final = 5.0
FRESH_S: Final = 600.0
KEPT_S: Final = 86_400.0
REFUSED_S: Final = 30.0  # a document that is wrong is asked for again after that
AGAIN_S: Final = 30.0  # and one whose server was away; keys, when a new one is named
REMEMBERED_MAX: Final = 2_000
LOOK_UPS = bucket("oauth-client-look-ups", Budget(60, 5 * MINUTE_S))

CACHE = SharedCache("oauth-client", REMEMBERED_MAX, slots=REMEMBERED_MAX)
_single_flight: SingleFlight[Mapping[str, Any]] = SingleFlight()


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
    CACHE.forget(client_id)


def _document(url: str, asker: Asker, *, is_new: bool = False) -> Mapping[str, Any]:
    known = CACHE.get(url)
    if known is not None and known.is_fresh and not (is_new and _is_older(known)):
        return _told(known)
    if asker.network:
        limits.spend(LOOK_UPS, None, asker.network)
    try:
        return _single_flight.run(url, lambda: _asked(url))
    except ClientUnavailable:
        if known is None or "document" not in known.value:
            raise
        CACHE.postpone(url, known, AGAIN_S)
        return _told(known)


def _is_older(known: Entry) -> bool:
    """Whether it was fetched more than AGAIN_S ago."""
    return known.ask_again_at - time.time() < FRESH_S - AGAIN_S


def _told(known: Entry) -> Mapping[str, Any]:
    if "refusal" in known.value:
        raise InvalidClientMetadata(known.value["refusal"])
    found: Mapping[str, Any] = known.value["document"]
    return found


def _asked(url: str) -> Mapping[str, Any]:
    try:
        document = _fetched(url)
    except ClientUnavailable:
        raise
    except InvalidClientMetadata as refusal:
        CACHE.put(url, {"refusal": refusal.message}, fresh_s=REFUSED_S, keep_s=REFUSED_S)
        raise
    CACHE.put(url, {"document": document}, fresh_s=FRESH_S, keep_s=KEPT_S)
    return document


def _fetched(url: str) -> Mapping[str, Any]:
    try:
        return json_documents.get_object(
            url, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES, must_say_json=True
        )
    except DocumentUnavailable as failure:
        raise ClientUnavailable(str(failure)) from failure
    except DocumentRefused as refusal:
        raise InvalidClientMetadata(str(refusal)) from refusal
