"""DPoP proofs: a request comes from who holds the key that its token is bound to.

Source: RFC 9449, as atproto.com/specs/oauth narrows it; how clocks may differ and which spellings
of `htu` old clients send is what clients meet elsewhere. A proof serves once: proofs are remembered
at Valkey for as long as their nonce may be good; while it is away each process remembers its own,
so a thief gains one use a process at the most (accounts.service_auth.replay_guard).
"""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from accounts.oauth import jose
from accounts.oauth.dpop import nonces
from accounts.oauth.errors import InvalidDpopProof, UseDpopNonce
from accounts.oauth.jose import BadJose
from accounts.service_auth import replay_guard
from hosting.models import Host
from server.encryption.compact_jws import Token, base64url

TYPE: Final = "dpop+jwt"
KIND: Final = "dpop"  # of marks
MAX_AGE_S: Final = 10
CLOCK_SKEW_S: Final = 180
REMEMBERED_S: Final = 200
JTI_MAX_CHARS: Final = 512
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds. `jkt` is the thumbprint of its key, `mark` what is remembered of it until
    `forgotten_at` (unix seconds)."""

    jkt: str
    mark: str
    forgotten_at: int


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request presents: the header as it came (empty or absent: none), verb and path."""

    header: str | None
    method: str
    path: str


def check(host: Host, presented: Presented, access_token: str | None = None) -> Proof:
    """The proof of a request, used up by this. `access_token` is the one that came along, at a
    resource. Raises InvalidDpopProof, UseDpopNonce."""
    proof = verified(host, presented, access_token)
    if not replay_guard.claim(host, KIND, proof.mark, proof.forgotten_at):
        raise InvalidDpopProof("DPoP proof was used before")
    return proof


def verified(host: Host, presented: Presented, access_token: str | None = None) -> Proof:
    """The proof of a request, which somebody may have used before. Raises as `check` does."""
    token = _parsed(presented.header)
    try:
        key = jose.public_key(token.header.get("jwk"))
        jose.verify(token, key)
    except BadJose as error:
        raise InvalidDpopProof(f"DPoP proof: {error}") from error
    claims = token.payload
    _check_time(claims)
    if claims.get("htm") != presented.method:
        raise InvalidDpopProof("DPoP proof: htm does not match the request's method")
    if not _is_at(host, claims.get("htu"), presented.path):
        raise InvalidDpopProof("DPoP proof: htu does not match the request's URL")
    _check_hash(claims, access_token)
    _check_nonce(host, claims)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= JTI_MAX_CHARS:
        raise InvalidDpopProof("DPoP proof: jti is missing or too long")
    mark = f"{key.thumbprint}\0{jti}"
    return Proof(key.thumbprint, mark, int(time.time()) + REMEMBERED_S)


def _parsed(header: str | None) -> Token:
    if not header:
        raise InvalidDpopProof("DPoP proof required")
    if "," in header:  # several headers, joined
        raise InvalidDpopProof("DPoP header must contain a single proof")
    try:
        token = jose.parse(header.strip())
    except BadJose as error:
        raise InvalidDpopProof(f"DPoP proof: {error}") from error
    if not jose.is_type(token, TYPE):
        raise InvalidDpopProof(f'DPoP proof: typ must be "{TYPE}"')
    return token


def _check_time(claims: dict[str, Any]) -> None:
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise InvalidDpopProof("DPoP proof: iat is missing")
    if not -(MAX_AGE_S + CLOCK_SKEW_S) <= issued_at - time.time() <= CLOCK_SKEW_S:
        raise InvalidDpopProof("DPoP proof: iat is too far from now")
    ends = claims.get("exp")
    if ends is not None and not (
        isinstance(ends, int | float) and ends + CLOCK_SKEW_S > time.time()
    ):
        raise InvalidDpopProof("DPoP proof: expired")
    starts = claims.get("nbf", 0)
    if not (isinstance(starts, int | float) and starts - CLOCK_SKEW_S <= time.time()):
        raise InvalidDpopProof("DPoP proof: nbf is in the future")


def _is_at(host: Host, htu: object, path: str) -> bool:
    """Whether `htu` is this path at the host's public origin; its query and fragment do not
    count, and dot segments are resolved (RFC 3986 section 6.2.2)."""
    if not isinstance(htu, str):
        return False
    if htu == f"{host.origin}{path}":
        return True
    try:
        parts = urlsplit(htu)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return False
    ours = urlsplit(host.origin)
    our_port = ours.port or _DEFAULT_PORTS.get(ours.scheme)
    where = (parts.scheme, parts.hostname, port, urljoin(host.origin, parts.path or "/"))
    here = (ours.scheme, ours.hostname, our_port, f"{host.origin}{path}")
    return "@" not in parts.netloc and where == here


def _check_hash(claims: dict[str, Any], access_token: str | None) -> None:
    given = claims.get("ath")
    if access_token is None:
        if "ath" in claims:
            raise InvalidDpopProof("DPoP proof: ath without an access token")
        return
    expected = base64url(sha256(access_token.encode(errors="replace")).digest())
    is_right = isinstance(given, str) and hmac.compare_digest(
        given.encode(errors="replace"), expected
    )
    if not is_right:
        raise InvalidDpopProof("DPoP proof: ath does not match the access token")


def _check_nonce(host: Host, claims: dict[str, Any]) -> None:
    nonce = claims.get("nonce")
    if nonce is None:
        raise UseDpopNonce("Authorization server requires nonce in DPoP proof")
    if not isinstance(nonce, str):
        raise InvalidDpopProof("DPoP proof: nonce is no string")
    if not nonces.is_good(host, nonce):
        raise UseDpopNonce("DPoP proof: the nonce has expired")
