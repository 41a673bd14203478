"""Client authentication: how a client proves itself at the endpoints, and what a session pins.

Source: RFC 7523 section 3, as atproto.com/specs/oauth narrows it: `kid` is required, `exp` is not
(old clients), `iat` is of the last minute, a `jti` serves once. A session belongs to the key that
began it: the id, algorithm and thumbprint of that key are its `client_auth`.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from accounts.oauth import jose
from accounts.oauth.clients import fetching
from accounts.oauth.clients.documents import NONE, PRIVATE_KEY_JWT, Client
from accounts.oauth.clients.fetching import Asker
from accounts.oauth.errors import InvalidClient, InvalidClientMetadata, InvalidGrant
from accounts.oauth.jose import BadJose, PublicKey
from accounts.service_auth import replay_guard
from hosting.models import Host
from server.encryption.compact_jws import Token

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_AGE_S: Final = 60
CLOCK_SKEW_S: Final = 10
JTI_MAX_CHARS: Final = 512


@dataclass(frozen=True, slots=True)
class ClientAuth:
    """How a client proved itself; the key's members are empty for a public one."""

    method: str
    kid: str = ""
    alg: str = ""
    jkt: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> "ClientAuth":
        """From what `stored` gave."""
        return cls(**stored)

    def stored(self) -> dict[str, str]:
        """JSON for a row."""
        return asdict(self)

    def continues(self, begun: "ClientAuth") -> bool:
        """Whether this may go on with what was begun so: by the same key, or by any key after none
        (a public client that became a confidential one)."""
        return begun.method == NONE or self == begun


def authenticate(host: Host, client: Client, given: Mapping[str, str], asker: Asker) -> ClientAuth:
    """Who sends these parameters. Raises InvalidClient, InvalidGrant for an assertion that was used
    before, InvalidClientMetadata, RateLimitExceeded."""
    if client.is_public:
        return ClientAuth(NONE)
    assertion = given.get("client_assertion", "")
    if not assertion or not given.get("client_assertion_type"):
        raise InvalidClient("client_assertion and client_assertion_type are required")
    if given["client_assertion_type"] != ASSERTION_TYPE:
        raise InvalidClient(f"client_assertion_type must be {ASSERTION_TYPE}")
    try:
        token = jose.parse(assertion)
    except BadJose as error:
        raise InvalidClient(f"client_assertion: {error}") from error
    kid = _checked_header(token, client)
    key = _verified(token, client, kid, asker)
    _check_claims(host, token.payload, client)
    _use_up(host, token.payload, client)
    return ClientAuth(PRIVATE_KEY_JWT, kid, client.signing_alg, key.thumbprint)


def has_lost_key(client: Client, begun: ClientAuth, *, asker: Asker) -> bool:
    """Whether the client has withdrawn the key of a session, by its own word of just now: it is not
    when its server is away."""
    if begun.method == NONE:
        return False
    if client.is_public:
        return True
    try:
        keys = fetching.keys_of(client, asker, are_new=True)
    except InvalidClientMetadata:
        return False
    return not any(_is_key(each, begun) for each in keys)


def _checked_header(token: Token, client: Client) -> str:
    kid = token.header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise InvalidClient("client_assertion: kid is required")
    if token.header.get("alg") != client.signing_alg:
        raise InvalidClient("client_assertion: alg is not token_endpoint_auth_signing_alg")
    return kid


def _verified(token: Token, client: Client, kid: str, asker: Asker) -> PublicKey:
    """The key of that id, having signed; keys are looked up anew when it is unknown, or another one
    by now."""
    try:
        return _signer(token, client, kid, fetching.keys_of(client, asker))
    except InvalidClient:
        return _signer(token, client, kid, fetching.keys_of(client, asker, are_new=True))


def _signer(
    token: Token, client: Client, kid: str, keys: tuple[Mapping[str, Any], ...]
) -> PublicKey:
    found = next((each for each in keys if each.get("kid") == kid), None)
    if found is None or not jose.is_for_signatures(found, client.signing_alg):
        raise InvalidClient(f"client_assertion: the client has no key {kid[:100]}")
    try:
        key = jose.public_key(found)
        jose.verify(token, key)
    except BadJose as error:
        raise InvalidClient(f"client_assertion: {error}") from error
    return key


def _is_key(jwk: Mapping[str, Any], begun: ClientAuth) -> bool:
    if jwk.get("kid") != begun.kid:
        return False
    try:
        return jose.public_key(jwk).thumbprint == begun.jkt
    except BadJose:
        return False


def _check_claims(host: Host, claims: Mapping[str, Any], client: Client) -> None:
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise InvalidClient("client_assertion: iss and sub must be the client_id")
    audience = claims.get("aud")
    if host.origin not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidClient(f"client_assertion: aud must be {host.origin}")
    now = time.time()
    issued_at, ends_at = claims.get("iat"), claims.get("exp", now + MAX_AGE_S)
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise InvalidClient("client_assertion: iat is required")
    if not now - MAX_AGE_S - CLOCK_SKEW_S <= issued_at <= now + CLOCK_SKEW_S:
        raise InvalidClient("client_assertion: iat must be within the last minute")
    if not isinstance(ends_at, int | float) or ends_at <= now - CLOCK_SKEW_S:
        raise InvalidClient("client_assertion: expired")
    starts_at = claims.get("nbf", now)
    if not isinstance(starts_at, int | float) or starts_at > now + CLOCK_SKEW_S:
        raise InvalidClient("client_assertion: nbf is in the future")


def _use_up(host: Host, claims: Mapping[str, Any], client: Client) -> None:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= JTI_MAX_CHARS:
        raise InvalidClient("client_assertion: jti is required")
    forgotten_at = int(time.time()) + MAX_AGE_S + 2 * CLOCK_SKEW_S + 1
    if not replay_guard.claim(host, "client-assertion", f"{client.client_id}\0{jti}", forgotten_at):
        raise InvalidGrant("client_assertion was used before")
