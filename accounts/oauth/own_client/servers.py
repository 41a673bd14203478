"""The authorization server of a host: found by its metadata, and held against what we need of it.

Source: RFC 9728, 8414, as atproto.com/specs/oauth narrows both. The host is untrusted: guarded
addresses, no redirects, 64 KiB and 5 s a document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from accounts.oauth.own_client.refusals import NoOAuth, ServerSilent
from server.net import json_documents
from server.net.json_documents import DocumentRefused, DocumentUnavailable

MAX_BYTES: Final = 65_536
TIMEOUT_S: Final = 5.0
_URL_MAX_CHARS: Final = 2_048
_RESOURCE: Final = "/.well-known/oauth-protected-resource"
_SERVER: Final = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """A server that will do."""

    issuer: str
    pushed_requests: str
    authorization: str
    tokens: str
    revocation: str = ""
    scopes: frozenset[str] = frozenset()


def find(origin: str) -> AuthorizationServer:
    """The authorization server of the host at `origin`. Raises NoOAuth, ServerSilent."""
    resource = fetch_json(f"{origin}{_RESOURCE}")
    named = resource.get("authorization_servers")
    if resource.get("resource") != origin or not isinstance(named, list) or len(named) != 1:
        raise NoOAuth("The host names no authorization server for itself")
    issuer = named[0]
    if not is_origin(issuer):
        raise NoOAuth("The authorization server is not named by an origin")
    return read(issuer, fetch_json(f"{issuer}{_SERVER}"))


def read(issuer: str, metadata: Mapping[str, Any]) -> AuthorizationServer:
    """A server's metadata, held against what we need. Raises NoOAuth."""
    if metadata.get("issuer") != issuer:
        raise NoOAuth("The server's metadata are of another issuer")
    for name, needed in (
        ("code_challenge_methods_supported", "S256"),
        ("dpop_signing_alg_values_supported", "ES256"),
        ("scopes_supported", "atproto"),
    ):
        if needed not in _texts(metadata.get(name)):
            raise NoOAuth(f"The server's {name} lack {needed}")
    for name in (
        "authorization_response_iss_parameter_supported",
        "client_id_metadata_document_supported",
    ):
        if metadata.get(name) is not True:
            raise NoOAuth(f"The server's {name} is not true")
    return AuthorizationServer(
        issuer,
        _endpoint(metadata, "pushed_authorization_request_endpoint", issuer),
        _endpoint(metadata, "authorization_endpoint", issuer),
        _endpoint(metadata, "token_endpoint", issuer),
        _endpoint(metadata, "revocation_endpoint", issuer)
        if metadata.get("revocation_endpoint")
        else "",
        _texts(metadata.get("scopes_supported")),
    )


def fetch_json(url: str) -> Mapping[str, Any]:
    """A JSON object at an untrusted URL. Raises NoOAuth where there is none, ServerSilent."""
    try:
        return json_documents.get_object(url, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
    except DocumentUnavailable as failure:
        raise ServerSilent(str(failure)) from failure
    except DocumentRefused as refusal:
        raise NoOAuth(str(refusal)) from refusal


def json_object(body: bytes, url: str) -> Mapping[str, Any]:
    """The JSON object that a server answered with. Raises NoOAuth."""
    try:
        return json_documents.object_in(body, url)
    except DocumentRefused as refusal:
        raise NoOAuth(str(refusal)) from refusal


def is_origin(url: object) -> bool:
    """Whether it is scheme, host and port, and nothing else."""
    if not isinstance(url, str) or not is_plain_url(url):
        return False
    parts = urlsplit(url)
    return url == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc


def _endpoint(metadata: Mapping[str, Any], name: str, issuer: str) -> str:
    url = metadata.get(name)
    is_fit = isinstance(url, str) and is_plain_url(url)
    if not isinstance(url, str) or not is_fit or urlsplit(url).scheme != urlsplit(issuer).scheme:
        raise NoOAuth(f"The server's {name} is missing or no URL")
    if "#" in url or "@" in urlsplit(url).netloc:
        raise NoOAuth(f"The server's {name} is no URL of an endpoint")
    return url


def is_plain_url(url: str) -> bool:
    """Whether it is an http(s) URL of plain letters, no longer than any need be."""
    is_text = url.isascii() and url.isprintable() and " " not in url
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    has_host = parts.scheme in ("https", "http") and bool(parts.hostname)
    return is_text and len(url) <= _URL_MAX_CHARS and has_host


def _texts(value: object) -> frozenset[str]:
    found = value if isinstance(value, list) else []
    return frozenset(each for each in found[:200] if isinstance(each, str))
