"""Client identifiers: the URL of a document, or `http://localhost` for an app under development.

Source: draft-ietf-oauth-client-id-metadata-document, as atproto.com/specs/oauth narrows it. An
identifier has one spelling: what a parser would change is refused, since it is compared as text.
"""

import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from accounts.models.oauth import CLIENT_ID_MAX_CHARS
from accounts.oauth.errors import InvalidClientMetadata

LOOPBACK: Final = "http://localhost"
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1"})
DEFAULT_REDIRECTS: Final = ("http://127.0.0.1/", "http://[::1]/")
_PRINTABLE: Final = re.compile(r"[!-~]+")
# The last part begins with a letter: browsers read `127.1` and `0x7f.1` as addresses.
_NAME: Final = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?")
_DOTS: Final = re.compile(r"(\.|%2e){1,2}", re.IGNORECASE)  # as a whole segment
_FIELDS_MAX: Final = 32


def check(client_id: str) -> None:
    """Raise InvalidClientMetadata for what is no client identifier."""
    # A development client may be named with an empty query: nothing is fetched there.
    bare = client_id.removesuffix("?") if is_loopback(client_id) else client_id
    if len(client_id) > CLIENT_ID_MAX_CHARS or split(bare) is None:
        raise InvalidClientMetadata("client_id is not a URL")
    if is_loopback(client_id):
        loopback_parameters(client_id)
    else:
        _check_address(client_id)


def host_name(client_id: str) -> str:
    """The one name of a client that nobody can invent: where its document lies."""
    return urlsplit(client_id).hostname or client_id


def is_loopback(client_id: str) -> bool:
    """Whether it is a development client, which has no document."""
    return client_id.startswith("http://")


def loopback_parameters(client_id: str) -> tuple[tuple[str, ...], str]:
    """Redirect URIs and scope of a development client, out of its identifier's query. Raises
    InvalidClientMetadata."""
    base, _, query = client_id.partition("?")
    if base not in (LOOPBACK, f"{LOOPBACK}/") or "#" in client_id:
        raise InvalidClientMetadata("A development client_id is http://localhost alone")
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as error:
        raise InvalidClientMetadata("client_id has too many parameters") from error
    scopes = [value for name, value in fields if name == "scope"]
    redirects = tuple(value for name, value in fields if name == "redirect_uri")
    if len(scopes) > 1 or len(scopes) + len(redirects) != len(fields):
        raise InvalidClientMetadata("A development client_id has redirect_uri and one scope")
    return redirects or DEFAULT_REDIRECTS, scopes[0] if scopes else "atproto"


def split(url: str) -> SplitResult | None:
    """A URL taken apart; None for what is none, or has another spelling than its own."""
    if not _PRINTABLE.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.geturl() in (url, f"{url}/") else None


def is_public_name(name: str | None) -> bool:
    """Whether it is a name of the public internet: dots, and no address."""
    if not name or not _NAME.fullmatch(name):
        return False
    return not name.endswith((".localhost", ".local", ".internal"))


def _check_address(client_id: str) -> None:
    parts = split(client_id)
    assert parts is not None  # noqa: S101 - see `check`
    if parts.scheme != "https" or parts.netloc != parts.hostname:
        raise InvalidClientMetadata("client_id must be an https URL without port and user")
    if not is_public_name(parts.hostname):
        raise InvalidClientMetadata("client_id must have a public host name")
    segments = parts.path.split("/")
    if not segments[-1] or "\\" in client_id or any(map(_DOTS.fullmatch, segments)):
        raise InvalidClientMetadata("client_id must have a path without dot segments")
    if parts.fragment or "#" in client_id:
        raise InvalidClientMetadata("client_id must not have a fragment")
