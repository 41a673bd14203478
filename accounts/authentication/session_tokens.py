"""Session tokens: HS256 JWTs made and read by hand, because every request reads one (4 us).

Source: the session credential of com.atproto.server.*. The header is one of two exact byte
strings, so no other algorithm or type can be asked for; the secret and the audience are the
host's, so a token of one host is worth nothing at any other. An access token names its session
(`sid`); whether that one still stands is for `live_sessions` to say.
"""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from hosting.models import Host
from hosting.tenancy import token_secrets
from protocol.errors import XrpcError
from server.encryption.compact_jws import base64url, object_in, segment

ACCESS_SCOPE = "com.atproto.access"
APP_PASSWORD_SCOPE = "com.atproto.appPass"  # noqa: S105 - a scope's name
PRIVILEGED_APP_PASSWORD_SCOPE = "com.atproto.appPassPrivileged"  # noqa: S105 - a scope's name
TAKENDOWN_SCOPE = "com.atproto.takendown"
REFRESH_SCOPE = "com.atproto.refresh"
ACCESS_SCOPES = frozenset(
    {ACCESS_SCOPE, APP_PASSWORD_SCOPE, PRIVILEGED_APP_PASSWORD_SCOPE, TAKENDOWN_SCOPE}
)
ACCESS_LIFETIME_S = 120 * 60
REFRESH_LIFETIME_DAYS = 90


class ExpiredToken(XrpcError):
    """400, not 401: clients of the password login key on this very name and status."""

    name = "ExpiredToken"
    field = "code"
    page_text = _("This code has expired. Request a new one.")


class InvalidToken(XrpcError):
    """400: the token is not one of ours, or not of the kind that this call takes."""

    name = "InvalidToken"
    field = "code"
    page_text = _("This code is wrong or has been used already.")


@dataclass(frozen=True)
class Claims:
    """What a verified token says. `jti` is empty in an access token, `session` (hex) in a refresh
    token and in the access tokens of earlier releases."""

    did: str
    scope: str
    expires_at: int  # unix seconds
    jti: str = ""
    session: str = ""
    issued_at: int = 0  # unix seconds


ACCESS_HEADER = base64url(b'{"typ":"at+jwt","alg":"HS256"}')
_REFRESH_HEADER = base64url(b'{"typ":"refresh+jwt","alg":"HS256"}')


def make_access(host: Host, did: str, scope: str, session: UUID) -> str:
    """An access token of a session (its lineage), good for two hours and no longer than that
    session."""
    issued_at = int(time.time())
    claims = claims_of(host, did, scope, issued_at, issued_at + ACCESS_LIFETIME_S)
    return make_token(host, ACCESS_HEADER, {**claims, "sid": session.hex})


def make_refresh(host: Host, did: str, jti: str, expires_at: datetime) -> str:
    """The refresh token of the stored session `jti`."""
    claims = claims_of(host, did, REFRESH_SCOPE, int(time.time()), int(expires_at.timestamp()))
    return make_token(host, _REFRESH_HEADER, {**claims, "jti": jti})


def read_access(host: Host, jwt: str) -> Claims:
    """Verify an access token of this host. Raises `InvalidToken`, `ExpiredToken`."""
    claims = _unexpired(_read(host, jwt))
    if claims.scope not in ACCESS_SCOPES:
        raise InvalidToken("Bad token scope")
    return claims


def read_refresh(host: Host, jwt: str) -> Claims:
    """Verify a refresh token of this host. Raises `InvalidToken`, `ExpiredToken`."""
    return _unexpired(read_refresh_of_any_age(host, jwt))


def read_refresh_of_any_age(host: Host, jwt: str) -> Claims:
    """As `read_refresh`, but an expired token will do: one may always sign out."""
    claims = _read(host, jwt)
    if claims.scope != REFRESH_SCOPE:
        raise InvalidToken("Bad token scope")
    return claims


def claims_of(host: Host, did: str, scope: str, issued_at: int, expires_at: int) -> dict[str, Any]:
    """What a token of an account says; times in unix seconds."""
    return {
        "scope": scope,
        "aud": host.service_did,
        "sub": did,
        "iat": issued_at,
        "exp": expires_at,
    }


def make_token(host: Host, header: bytes, claims: dict[str, Any]) -> str:
    """A signed token with these claims."""
    signed = header + b"." + segment(claims)
    return (signed + b"." + _signature(host, signed)).decode()


def _signature(host: Host, signed: bytes) -> bytes:
    secret = token_secrets.unwrapped(bytes(host.token_secret))
    return base64url(hmac.digest(secret, signed, "sha256"))


def _read(host: Host, jwt: str) -> Claims:
    """Verify signature, type, audience and shape; the caller looks at scope and time."""
    token = jwt.encode(errors="replace")
    signed, _, signature = token.rpartition(b".")
    # Comparing the encoded text also refuses a second spelling of the same signature bytes.
    if not hmac.compare_digest(signature, _signature(host, signed)):
        raise InvalidToken("Token could not be verified")
    header, _, payload = signed.partition(b".")
    try:
        claims = object_in(payload)
    except ValueError:
        raise InvalidToken("Token could not be verified") from None
    if not host.is_known_as(claims.get("aud")) or "lxm" in claims or "cnf" in claims:
        raise InvalidToken("Token could not be verified")
    if header != (_REFRESH_HEADER if claims.get("scope") == REFRESH_SCOPE else ACCESS_HEADER):
        raise InvalidToken("Token could not be verified")
    return _shaped(claims)


def _shaped(claims: dict[str, Any]) -> Claims:
    did, scope, expires_at = claims.get("sub"), claims.get("scope"), claims.get("exp")
    jti, session, issued_at = claims.get("jti", ""), claims.get("sid", ""), claims.get("iat", 0)
    if not (isinstance(did, str) and isinstance(scope, str) and isinstance(jti, str)):
        raise InvalidToken("Token could not be verified")
    if not (isinstance(expires_at, int) and isinstance(issued_at, int)):
        raise InvalidToken("Token could not be verified")
    if not isinstance(session, str):
        raise InvalidToken("Token could not be verified")
    return Claims(did, scope, expires_at, jti, session, issued_at)


def _unexpired(claims: Claims) -> Claims:
    if claims.expires_at <= time.time():
        raise ExpiredToken("Token has expired")
    return claims
