"""A provider's metadata and keys: fetched, checked, remembered for an hour.

Source: OpenID Connect Discovery 1.0 sections 3 and 4, RFC 8414. The tenant named the provider, so
its URLs are untrusted: guarded addresses, no redirects, so many bytes and seconds. A copy that was
good stands in for a day while the provider is away. Keys are fetched again when a token is signed
by none of them, every half minute at the most.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from accounts.oauth.openid.refusals import ProviderSilent, ProviderWrong
from accounts.oauth.own_client.servers import is_plain_url
from server.cache.shared import SharedCache
from server.net import json_documents
from server.net.json_documents import DocumentRefused, DocumentUnavailable
from server.net.remembered_documents import Bounds, RememberedDocuments

MAX_BYTES: Final = 128 * 1024
TIMEOUT_S: Final = 5.0
REMEMBERED_MAX: Final = 500
KEYS_MAX: Final = 100
WELL_KNOWN: Final = "/.well-known/openid-configuration"

DOCUMENTS: Final = RememberedDocuments(
    SharedCache("openid", REMEMBERED_MAX, slots=REMEMBERED_MAX),
    Bounds(
        timeout_s=TIMEOUT_S,
        max_bytes=MAX_BYTES,
        fresh_s=3_600.0,
        kept_s=86_400.0,
        again_s=30.0,
        refused_s=0.0,  # who corrects a provider's settings tries again at once
    ),
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What we use of a provider. `userinfo` may be empty; `names_itself`: answers bring `iss`."""

    issuer: str
    authorization: str
    tokens: str
    jwks: str
    userinfo: str = ""
    names_itself: bool = False


def find(issuer: str) -> Metadata:
    """The metadata of an issuer. Raises ProviderWrong, ProviderSilent."""
    check_issuer(issuer)
    return read(issuer, _document(f"{issuer.rstrip('/')}{WELL_KNOWN}"))


def check_issuer(issuer: str) -> None:
    """An issuer is an https URL without query and fragment; http for a sandbox alone. Raises
    ProviderWrong."""
    if not is_plain_url(issuer) or "?" in issuer or "#" in issuer or "@" in issuer:
        raise ProviderWrong("The issuer is not a URL without query and fragment")
    if urlsplit(issuer).scheme != "https" and not settings.SANDBOX:
        raise ProviderWrong("The issuer is not an https URL")


def read(issuer: str, document: Mapping[str, Any]) -> Metadata:
    """Metadata, held against what we need. Raises ProviderWrong."""
    if document.get("issuer") != issuer:
        raise ProviderWrong("The provider's metadata name another issuer")
    for name, needed in (
        ("response_types_supported", "code"),
        ("code_challenge_methods_supported", "S256"),
    ):
        said = document.get(name)
        if isinstance(said, list) and needed not in said:
            raise ProviderWrong(f"The provider's {name} lack {needed}")
    return Metadata(
        issuer,
        _endpoint(document, "authorization_endpoint", issuer),
        _endpoint(document, "token_endpoint", issuer),
        _endpoint(document, "jwks_uri", issuer),
        _endpoint(document, "userinfo_endpoint", issuer) if "userinfo_endpoint" in document else "",
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def keys_of(metadata: Metadata, *, are_new: bool = False) -> list[Mapping[str, Any]]:
    """The provider's keys; `are_new` asks it even if they are remembered, when that was not done
    lately. Raises ProviderWrong, ProviderSilent."""
    keys = _document(metadata.jwks, is_new=are_new).get("keys")
    if not isinstance(keys, list) or len(keys) > KEYS_MAX:
        raise ProviderWrong("The provider's key set has no list of keys")
    return [key for key in keys if isinstance(key, dict)]


def forget(issuer: str) -> None:
    """Ask again next time."""
    DOCUMENTS.forget(f"{issuer.rstrip('/')}{WELL_KNOWN}")


def fetched(url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """A JSON object at a provider's URL. Raises ProviderWrong, ProviderSilent."""
    with _our_refusals():
        return json_documents.get_object(
            url, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES, headers=headers
        )


def object_in(body: bytes, url: str) -> Mapping[str, Any]:
    """The JSON object of an answer. Raises ProviderWrong."""
    with _our_refusals():
        return json_documents.object_in(body, url)


def _document(url: str, *, is_new: bool = False) -> Mapping[str, Any]:
    with _our_refusals():
        return DOCUMENTS.get(url, is_new=is_new)


@contextmanager
def _our_refusals() -> Iterator[None]:
    try:
        yield
    except DocumentUnavailable as failure:
        raise ProviderSilent(str(failure)) from failure
    except DocumentRefused as refusal:
        raise ProviderWrong(str(refusal)) from refusal


def _endpoint(document: Mapping[str, Any], name: str, issuer: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or not is_plain_url(url) or "#" in url:
        raise ProviderWrong(f"The provider's {name} is missing or no URL")
    if urlsplit(url).scheme != "https" and urlsplit(issuer).scheme == "https":
        raise ProviderWrong(f"The provider's {name} is not an https URL")
    return url
