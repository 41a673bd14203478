"""Redirect URIs: where an app may have its code, and whether a request asks for one of them.

Source: atproto.com/specs/oauth, "Clients"; RFC 8252 for apps on a phone and for loopback.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from accounts.oauth.clients import client_ids
from accounts.oauth.clients.client_ids import LOOPBACK_HOSTS
from accounts.oauth.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidRequest

MAX_CHARS: Final = 2_048
NATIVE: Final = "native"


def check_declared(uri: str, client_id: str, application_type: str) -> None:
    """Raise InvalidClientMetadata for what is none, InvalidRedirectUri for one that this client may
    not have."""
    parts = client_ids.split(uri)
    if parts is None or len(uri) > MAX_CHARS or "#" in uri or "@" in parts.netloc:
        raise InvalidClientMetadata(f"Invalid redirect_uri: {uri[:200]}")
    if parts.scheme == "http":
        is_allowed = application_type == NATIVE and parts.hostname in LOOPBACK_HOSTS
    elif client_ids.is_loopback(client_id):
        is_allowed = False
    elif parts.scheme == "https":
        is_allowed = client_ids.is_public_name(parts.hostname) and (
            application_type != NATIVE or _origin(parts) == _origin(urlsplit(client_id))
        )
    else:
        is_allowed = application_type == NATIVE and _is_private_use(uri, parts, client_id)
    if not is_allowed:
        raise InvalidRedirectUri(f"This client may not have the redirect_uri {uri[:200]}")


def chosen(declared: Iterable[str], asked: str | None) -> str:
    """The redirect URI of a request: one of those declared, or the only one. Raises
    InvalidRequest."""
    all_declared = tuple(declared)
    if asked is None:
        if len(all_declared) == 1:
            return all_declared[0]
        raise InvalidRequest("redirect_uri is required")
    if any(asked == each or _is_same_loopback(asked, each) for each in all_declared):
        return asked
    raise InvalidRequest("redirect_uri is not in the client metadata")


def _is_private_use(uri: str, parts: SplitResult, client_id: str) -> bool:
    """`com.example.app:/path` for a client under app.example.com."""
    reversed_name = ".".join(reversed((urlsplit(client_id).hostname or "").split(".")))
    return (
        parts.scheme == reversed_name
        and not parts.netloc
        and uri.startswith(f"{parts.scheme}:/")
        and not parts.path.startswith("//")
    )


def _is_same_loopback(asked: str, declared: str) -> bool:
    """A loopback URI without a port allows any."""
    wanted, known = client_ids.split(asked), urlsplit(declared)
    if wanted is None or known.scheme != "http" or known.port is not None:
        return False
    if len(asked) > MAX_CHARS or "@" in wanted.netloc or "#" in asked:
        return False
    return (
        known.hostname in LOOPBACK_HOSTS
        and (wanted.scheme, wanted.hostname, wanted.query) == ("http", known.hostname, known.query)
        and (wanted.path or "/") == (known.path or "/")
    )


def _origin(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, parts.netloc
