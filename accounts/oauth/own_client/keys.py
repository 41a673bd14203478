"""Signed tokens of an OAuth client: DPoP proofs and client assertions, by P-256.

Source: RFC 9449 section 4.2, RFC 7523 section 3. Each session has a key of its own for proofs.
"""

import secrets
import time
from hashlib import sha256
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.jwk import ECKey

from server.encryption.compact_jws import base64url

ALGORITHM: Final = "ES256"
_ASSERTION_LASTS_S: Final = 60
_REGISTRY: Final = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)


def new() -> ECKey:
    """A key for one session."""
    return ECKey.generate_key("P-256")


def sign(key: ECKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A compact token."""
    whole = {"alg": ALGORITHM, **header}
    return jws.serialize_compact(whole, orjson.dumps(claims), key, registry=_REGISTRY)


def proof(key: ECKey, method: str, url: str, nonce: str = "", access_token: str = "") -> str:
    """A DPoP proof for one request. `url` may have a query, which is not signed."""
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": url.partition("?")[0],
        "iat": int(time.time()),
    }
    if nonce:
        claims["nonce"] = nonce
    if access_token:
        claims["ath"] = base64url(sha256(access_token.encode()).digest()).decode()
    return sign(key, {"typ": "dpop+jwt", "jwk": key.as_dict(private=False)}, claims)


def assertion(key: ECKey, client_id: str, audience: str) -> str:
    """A client assertion, by which a client proves itself to a server."""
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + _ASSERTION_LASTS_S,
    }
    return sign(key, {"kid": key.thumbprint()}, claims)
