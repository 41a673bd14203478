"""Access tokens of OAuth: JWTs of a quarter of an hour, good at the host that made them alone.

Source: RFC 9068 (`at+jwt`), RFC 9449 (`cnf`), RFC 8693 (`act`). A token names its session and the
hash of its scopes, not the scopes: those are in the session's row and looked up once a process, by
their hash. Whether the session still stands is asked with the caller's account or repo, as for
sessions of passwords (accounts.authentication.live_sessions). MACs, not signatures: nobody but the
host reads them.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from accounts.models import OAuthSession
from accounts.oauth import opaque
from accounts.oauth.errors import InvalidAccessToken
from hosting.models import Host
from server.cache.eviction import make_room
from server.encryption.compact_jws import base64url, object_in, segment

LIFETIME_S: Final = 15 * 60
MAX_CHARS: Final = 8_192
_HEADER: Final = base64url(b'{"typ":"at+jwt","alg":"HS256","kid":"oauth"}')
_PREFIX: Final = _HEADER.decode() + "."
_SCOPES_MAX: Final = 4_096
_scopes: dict[str, str] = {}  # by their hash; emptied when it grows too long


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that this host has made and that has not expired. `session` is hex, `actor` the DID
    of the controller who acts for the account, empty for its owner."""

    did: str
    client_id: str
    session: str
    jkt: str
    scope_hash: str
    actor: str = ""


def is_one(credential: str) -> bool:
    """Whether it looks like one of these; nothing is verified."""
    return credential.startswith(_PREFIX)


def make(host: Host, session: OAuthSession, did: str) -> tuple[str, int]:
    """A token of a session as its row is now, and for how many seconds it is good."""
    now = int(time.time())
    expires_at = min(now + LIFETIME_S, int(session.ends_at.timestamp()))
    claims = {
        "iss": host.origin,
        "aud": host.service_did,
        "sub": did,
        "client_id": session.client_id,
        "iat": now,
        "exp": expires_at,
        "jti": secrets.token_hex(8),
        "sid": session.pk.hex,
        "sch": hash_of(session.scope),
        "cnf": {"jkt": session.dpop_jkt},
        **actor_of(session),
    }
    signed = _HEADER + b"." + segment(claims)
    return (signed + b"." + _mac(host, signed)).decode(), max(0, expires_at - now)


def read(host: Host, token: str) -> AccessToken:
    """Verify a token of this host. Raises InvalidAccessToken."""
    signed, _, mac = token.encode(errors="replace").rpartition(b".")
    is_ours = len(token) <= MAX_CHARS and is_one(token)
    if not is_ours or not hmac.compare_digest(mac, _mac(host, signed)):
        raise InvalidAccessToken("The access token is not valid here")
    claims = object_in(signed.partition(b".")[2])  # our own, so it is one
    if not host.is_known_as(claims["aud"]) or claims["exp"] <= time.time():
        raise InvalidAccessToken("The access token has expired")
    return AccessToken(
        claims["sub"],
        claims["client_id"],
        claims["sid"],
        claims["cnf"]["jkt"],
        claims["sch"],
        claims["act"]["sub"] if "act" in claims else "",
    )


def actor_of(session: OAuthSession) -> dict[str, dict[str, str]]:
    """The claim `act` of a session in which a controller acts (RFC 8693 section 4.1)."""
    return {"act": {"sub": session.actor_did}} if session.actor_did else {}


def scope_of(host: Host, token: AccessToken) -> str:
    """What the token may do. Raises InvalidAccessToken when its session has ended, or may do
    something else by now: the app refreshes, and has a token that says so."""
    known = _scopes.get(token.scope_hash)
    if known is not None:
        return known
    sessions = OAuthSession.objects.of(host).filter(pk=UUID(token.session))
    scope = sessions.values_list("scope", flat=True).first()
    if scope is None or hash_of(scope) != token.scope_hash:
        raise InvalidAccessToken("The session of the access token has changed or ended")
    make_room(_scopes, _SCOPES_MAX)
    _scopes[token.scope_hash] = scope
    return scope


def known_scope(token: AccessToken) -> str | None:
    """As `scope_of`, if this process has seen such a token before; nobody is asked."""
    return _scopes.get(token.scope_hash)


def hash_of(scope: str) -> str:
    """A scope's name in tokens."""
    return base64url(hashlib.sha256(scope.encode()).digest()).decode()


def _mac(host: Host, signed: bytes) -> bytes:
    return base64url(opaque.mac(host, "access token", signed))
