"""DID resolution, cached.

A document is good for an hour without a question, and for a day when its server is silent; a
refusal is remembered for a minute (a DID may be registered at any moment), a timeout for some
seconds, so that a dead server does not hold up everybody who asks. DIDs whose documents we serve
ourselves (our hosts', and did:web accounts under our handle domains) are answered from the
database.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.identity import published_dids
from accounts.identity.published_dids import Published
from accounts.identity.resolution import documents, own_documents
from accounts.identity.resolution.errors import (
    DidDeactivated,
    DidNotFound,
    DidUnusable,
    NetworkUnavailable,
    UnresolvedDid,
)
from protocol.did.did_document import DidDocument
from server.cache.shared import Entry, SharedCache
from server.cache.single_flight import SingleFlight

FRESH_S = 3600.0
KEPT_S = 86_400.0
REFUSAL_S = 60.0
UNAVAILABLE_S = 10.0
STALE_S = 60.0  # how long a document of yesterday stands in before its silent server is asked again

Document = dict[str, Any]
Hear = Callable[[str], Document]  # of a DID

SHARED_MAX = 8_192  # documents at Valkey: strangers write them
CACHE = SharedCache("did", slots=SHARED_MAX)
_single_flight: SingleFlight[dict[str, Any]] = SingleFlight()
_REFUSALS: dict[str, type[UnresolvedDid]] = {
    "DidNotFound": DidNotFound,
    "DidDeactivated": DidDeactivated,
}


def resolve_did(did: str, *, fresh: bool = False) -> DidDocument:
    """The document of a did:plc or did:web.

    `fresh` asks its server even when the document is remembered, and lets no old one stand in.
    Raises UnresolvedDid (DidNotFound, DidDeactivated, DidUnusable), NetworkUnavailable.
    """
    own = own_documents.find(did)
    if own is not None:
        return DidDocument(own)
    if fresh:
        asked_at = timezone.now()
        return DidDocument(_single_flight.run(did, lambda: _asked(did, documents.fetch, asked_at)))
    known = CACHE.get(did)
    if known is not None and known.is_fresh:
        return DidDocument(_remembered(known))
    asked_at = timezone.now()
    return DidDocument(
        _single_flight.run(did, lambda: _asked_or_old(did, known, documents.fetch, asked_at))
    )


def known_did(did: str) -> DidDocument | None:
    """The document as `resolve_did` has it without asking anybody; None when it would have to.

    Raises UnresolvedDid, NetworkUnavailable, when that is what is remembered.
    """
    own = own_documents.find(did)
    if own is not None:
        return DidDocument(own)
    known = CACHE.get(did)
    return DidDocument(_remembered(known)) if known is not None and known.is_fresh else None


def settle_did(did: str, hear: Hear) -> DidDocument:
    """As `resolve_did`, for somebody who asked without a thread (server.net.http_client): `hear`
    gives the document (`documents.read`), or raises NetworkUnavailable when nobody answered."""
    asked_at = timezone.now() - timedelta(seconds=settings.RESOLVE_TIMEOUT_S)  # at the earliest
    return DidDocument(_asked_or_old(did, CACHE.get(did), hear, asked_at))


def remember_document(did: str, document: dict[str, Any]) -> None:
    """Take note of what a DID says now, having changed it ourselves."""
    CACHE.put(did, {"document": document}, fresh_s=FRESH_S, keep_s=KEPT_S)


def _asked(did: str, hear: Hear, asked_at: datetime) -> dict[str, Any]:
    """What the DID's server says; an account of ours hears of it, too."""
    try:
        document = hear(did)
    except UnresolvedDid as refusal:
        value = {"refusal": refusal.name, "why": refusal.why}
        CACHE.put(did, value, fresh_s=REFUSAL_S, keep_s=REFUSAL_S)
        raise
    remember_document(did, document)
    published_dids.note(Published(DidDocument(document)), seen_at=asked_at)
    return document


def _asked_or_old(did: str, known: Entry | None, hear: Hear, asked_at: datetime) -> dict[str, Any]:
    try:
        return _asked(did, hear, asked_at)
    except NetworkUnavailable as timeout:
        if known is None or "document" not in known.value:
            value = {"timeout": timeout.message}
            CACHE.put(did, value, fresh_s=UNAVAILABLE_S, keep_s=UNAVAILABLE_S)
            raise
        CACHE.postpone(did, known, STALE_S)
        return _remembered(known)


def _remembered(known: Entry) -> dict[str, Any]:
    """The document of an entry. Raises the refusal or the timeout that was remembered instead."""
    value: dict[str, Any] = known.value
    if "timeout" in value:
        raise NetworkUnavailable(value["timeout"])
    if "refusal" in value:
        kind = _REFUSALS.get(value["refusal"])
        raise kind() if kind else DidUnusable(value["why"])
    document: dict[str, Any] = value["document"]
    return document
