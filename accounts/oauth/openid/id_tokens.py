"""ID tokens: signed by the provider, for this client, for this sign-in, just now.

Source: OpenID Connect Core 1.0 sections 3.1.3.7 and 3.1.3.6 (at_hash), RFC 8725. The algorithms are
those of accounts.oauth.jose: signatures by public keys alone, so neither `none` nor a key used as
the secret of an HMAC has a way in.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from accounts.oauth import jose
from accounts.oauth.jose import BadJose
from accounts.oauth.openid import discovery
from accounts.oauth.openid.discovery import Metadata
from accounts.oauth.openid.refusals import IdTokenRefused
from server.encryption import compact_jws
from server.encryption.compact_jws import BadServiceToken, Token, base64url

MAX_CHARS: Final = 32_768  # directories put all groups of a person in
CLOCK_SKEW_S: Final = 60
MAX_AGE_S: Final = 600  # since it was made
SUBJECT_MAX_CHARS: Final = 255
_KEYS_TRIED_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token has to say. `signed_in_after`: unix seconds, where the person was to prove
    anew who they are."""

    client_id: str
    nonce: str
    access_token: str = ""
    signed_in_after: int = 0


def verify(jwt: str, metadata: Metadata, expected: Expected) -> Mapping[str, Any]:
    """The claims of a token that holds. Raises IdTokenRefused, ProviderWrong, ProviderSilent."""
    try:
        token = compact_jws.parse(jwt, MAX_CHARS)
    except BadServiceToken:
        raise IdTokenRefused("The ID token is malformed") from None
    _check_signature(token, metadata)
    claims = token.payload
    if claims.get("iss") != metadata.issuer:
        raise IdTokenRefused("The ID token is of another issuer")
    _check_audience(claims, expected.client_id)
    _check_times(claims, expected)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not _is_same(nonce, expected.nonce):
        raise IdTokenRefused("The ID token's nonce is not of this sign-in")
    _check_hash(token, expected.access_token)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX_CHARS:
        raise IdTokenRefused("The ID token names nobody")
    if not subject.isprintable():
        raise IdTokenRefused("The ID token's subject is not printable")
    return claims


def _check_signature(token: Token, metadata: Metadata) -> None:
    if token.header.get("alg") not in jose.ALGORITHMS:
        raise IdTokenRefused("The ID token's algorithm is not accepted")
    if _is_signed_by(token, discovery.keys_of(metadata)):
        return
    if _is_signed_by(token, discovery.keys_of(metadata, are_new=True)):  # they changed keys
        return
    raise IdTokenRefused("The ID token is not signed by a key of the provider")


def _is_signed_by(token: Token, keys: list[Mapping[str, Any]]) -> bool:
    for key in _fitting(token, keys)[:_KEYS_TRIED_MAX]:
        try:
            jose.verify(token, jose.public_key(dict(key)))
        except BadJose:
            continue
        return True
    return False


def _fitting(token: Token, keys: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keys for signatures, of the token's algorithm where they name one, and of its name."""
    kid, alg = token.header.get("kid"), token.header.get("alg")
    usable = [
        key
        for key in keys
        if key.get("use", "sig") == "sig" and key.get("alg", alg) == alg and key.get("kty") != "oct"
    ]
    return usable if kid is None else [key for key in usable if key.get("kid") == kid]


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    said = claims.get("aud")
    audiences = said if isinstance(said, list) else [said]
    if client_id not in audiences:
        raise IdTokenRefused("The ID token is for another client")
    party = claims.get("azp")
    if (len(audiences) > 1 or party is not None) and party != client_id:
        raise IdTokenRefused("The ID token was issued to another client")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    now = time.time()
    if _seconds(claims, "exp") + CLOCK_SKEW_S < now:
        raise IdTokenRefused("The ID token has expired")
    if not now - MAX_AGE_S - CLOCK_SKEW_S <= _seconds(claims, "iat") <= now + CLOCK_SKEW_S:
        raise IdTokenRefused("The ID token was not made just now")
    if "nbf" in claims and _seconds(claims, "nbf") > now + CLOCK_SKEW_S:
        raise IdTokenRefused("The ID token is not valid yet")
    # Some providers ask anew, and do not say when; a sign-in of ours would be a fresh proof, too
    is_late = "auth_time" in claims and expected.signed_in_after
    if is_late and _seconds(claims, "auth_time") < expected.signed_in_after - CLOCK_SKEW_S:
        raise IdTokenRefused("The person did not sign in anew")


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IdTokenRefused(f"The ID token's {name} is missing")
    return float(value)


def _check_hash(token: Token, access_token: str) -> None:
    given = token.payload.get("at_hash")
    if given is None:
        return
    bits = str(token.header["alg"])[-3:]
    digest = hashlib.new(f"sha{bits if bits.isdigit() else '256'}", access_token.encode()).digest()
    expected = base64url(digest[: len(digest) // 2]).decode()
    if not isinstance(given, str) or not _is_same(given, expected):
        raise IdTokenRefused("The ID token belongs to another access token")


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
