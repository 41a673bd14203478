"""Fetches DID documents: from the PLC directory, or from the host that a did:web names.

Source: the did:plc HTTP API; https://w3c-ccg.github.io/did-method-web/ as atproto.com/specs/did
narrows it: a host name and nothing after it, a port for localhost alone.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings

from accounts.identity.resolution.errors import (
    DidDeactivated,
    DidNotFound,
    DidUnusable,
    NetworkUnavailable,
)
from protocol.did.did_document import DidDocument, InvalidDidDocument
from protocol.untrusted_input import bounded_json
from server.net import http_client

DOCUMENT_MAX_BYTES = 200_000
_WEB = re.compile(r"did:web:(?P<name>[a-zA-Z0-9.-]+)(?:%3[Aa](?P<port>[0-9]{1,5}))?")
_PLC = re.compile(r"did:plc:[a-z2-7]{24}")
_GONE = 410
HEADERS = {"Accept": "application/did+ld+json, application/json"}


@dataclass(frozen=True)
class Place:
    """Where a DID's document is; `is_ours` where the operator chose the server."""

    url: str
    is_ours: bool


def fetch(did: str) -> dict[str, Any]:
    """The document as its server gives it, checked to be about this DID.

    Raises DidNotFound, DidDeactivated, DidUnusable, NetworkUnavailable.
    """
    place = place_of(did)
    try:
        answer = _ask(
            http_client.request_configured if place.is_ours else http_client.request, place.url
        )
    except NetworkUnavailable as timeout:
        if isinstance(timeout.__cause__, http_client.NoSuchHost) and not place.is_ours:
            raise DidNotFound from timeout
        raise
    return read(did, answer.status, answer.body)


def place_of(did: str) -> Place:
    """Where to ask for the document of a DID. Raises DidUnusable."""
    if _PLC.fullmatch(did):
        return Place(f"{settings.PLC_URL}/{quote(did, safe=':')}", is_ours=True)
    if url := url_of(did):
        return Place(url, is_ours=False)
    raise DidUnusable("neither did:plc nor a did:web of a host name")


def read(did: str, status: int, body: bytes) -> dict[str, Any]:
    """The document in an answer. Raises DidNotFound, DidDeactivated, DidUnusable,
    NetworkUnavailable."""
    is_plc = did.startswith("did:plc:")
    if status == _GONE or (is_plc and status == 404 and b"not available" in body):
        raise DidDeactivated
    if status == 404:
        raise DidNotFound
    if status != 200 and (is_plc or status >= 500 or status == 429):
        raise NetworkUnavailable(f"The DID's server answered {status}")
    if status != 200:
        raise DidUnusable(f"its server answered {status}")
    return checked(did, _parsed(body))


def checked(did: str, document: object) -> dict[str, Any]:
    """The document, when it is one and about this DID. Raises DidUnusable."""
    try:
        named = DidDocument(document).did
    except InvalidDidDocument as fault:
        raise DidUnusable("its server returned no DID document") from fault
    if named != did or not isinstance(document, dict):
        raise DidUnusable("its document has another id")
    return document


def url_of(did: str) -> str | None:
    """Where a did:web keeps its document; None for any other DID, and for paths and ports where
    there must be none."""
    match = _WEB.fullmatch(did)
    if match is None:
        return None
    name, port = match["name"].lower(), match["port"]
    is_local = settings.SANDBOX and (name == "localhost" or name.endswith(".localhost"))
    if port and not is_local:
        return None
    origin = f"http://{name}" if is_local else f"https://{name}"
    return f"{origin}:{port}/.well-known/did.json" if port else f"{origin}/.well-known/did.json"


def _ask(request: Any, url: str) -> http_client.Answer:
    try:
        answer: http_client.Answer = request(
            "GET",
            url,
            headers=HEADERS,
            timeout_s=settings.RESOLVE_TIMEOUT_S,
            max_bytes=DOCUMENT_MAX_BYTES,
        )
    except (http_client.Forbidden, http_client.TooLarge, http_client.Undecodable) as refusal:
        raise DidUnusable(str(refusal)) from refusal
    except (http_client.Unreachable, http_client.TimedOut) as failure:
        raise NetworkUnavailable("Could not resolve DID: its server does not answer") from failure
    return answer


def _parsed(body: bytes) -> object:
    try:
        return bounded_json.loads(body)
    except ValueError as fault:
        raise DidUnusable("its document is not JSON") from fault
