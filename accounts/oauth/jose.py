"""JOSE for OAuth: others' signed tokens and public keys, by joserfc.

Source: RFC 7515, 7517, 7518, 7638, 8812. A token names its algorithm and a key its kind; only pairs
of ALGORITHMS that fit are tried. The keys of lately are remembered as they were read, because every
request of an app brings its key along: reading one costs a third of verifying a signature. The
algorithms are called by themselves, as joserfc's own reading of a compact token costs as much again
as a key.
"""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from server.encryption import compact_jws
from server.encryption.compact_jws import BadServiceToken, Token

ALGORITHMS: Final = (
    "ES256", "ES256K", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
)  # fmt: skip
_KINDS: Final = {"EC": ("crv", "x", "y"), "RSA": ("n", "e")}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_BITS: Final = range(2048, 4097)  # beyond, a signature costs too much to verify
_CHARS_MAX: Final = 1_024  # of a key's member: 4096 bits take 683
_MODULUS_CHARS_MIN: Final = 342  # of 2048 bits
_EXPONENT_CHARS_MAX: Final = 6  # of 32 bits: one as long as the modulus makes verifying dear


class BadJose(ValueError):
    """No token, no key, or a signature that is not that key's."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key and its RFC 7638 thumbprint."""

    key: ECKey | RSAKey
    thumbprint: str


def parse(jwt: str) -> Token:
    """A token taken apart, not verified. Raises BadJose."""
    try:
        return compact_jws.parse(jwt)
    except BadServiceToken as error:
        raise BadJose("malformed JWT") from error


def public_key(jwk: object) -> PublicKey:
    """A JWK of one of the kinds that are accepted. Raises BadJose for others, and for private
    ones."""
    if not isinstance(jwk, dict) or _PRIVATE & jwk.keys():
        raise BadJose("not a public key")
    kind = jwk.get("kty")
    names = _KINDS.get(kind, ()) if isinstance(kind, str) else ()
    members = [each for name in names if isinstance(each := jwk.get(name), str)]
    if not members or len(members) != len(names):
        raise BadJose("not a key of an accepted kind")
    if any(len(each) > _CHARS_MAX for each in members):
        raise BadJose("a key of too many bits")
    if kind == "RSA" and (
        len(members[0]) < _MODULUS_CHARS_MIN or len(members[1]) > _EXPONENT_CHARS_MAX
    ):
        raise BadJose("an RSA key has 2048 to 4096 bits here, and a short exponent")
    return _read(str(kind), tuple(zip(names, members, strict=True)))


def is_for_signatures(jwk: Mapping[str, Any], alg: str) -> bool:
    """Whether a published key's own members let it verify signatures of the algorithm (RFC 7517
    sections 4.2 to 4.4)."""
    operations = jwk.get("key_ops", ("verify",))
    return (
        jwk.get("use", "sig") == "sig"
        and jwk.get("alg", alg) == alg
        and isinstance(operations, list | tuple)
        and "verify" in operations
    )


def is_type(token: Token, media_type: str) -> bool:
    """Whether the header's `typ` is this one, which may be spelled with `application/` (RFC 7515
    section 4.1.9)."""
    given = token.header.get("typ")
    return isinstance(given, str) and given.lower().removeprefix("application/") == media_type


def verify(token: Token, key: PublicKey) -> None:
    """Hold the token's signature against a key. Raises BadJose."""
    name = token.header.get("alg")
    if name not in ALGORITHMS or "crit" in token.header:
        raise BadJose("the algorithm is not accepted")
    algorithm = JWSRegistry.algorithms[name]
    try:
        algorithm.check_key(key.key)
        is_right = algorithm.verify(token.signed, token.signature, key.key)
    except (JoseError, ValueError) as error:
        raise BadJose("the key is not one of the algorithm") from error
    if not is_right:
        raise BadJose("the signature does not match")


@lru_cache(maxsize=4_096)
def _read(kind: str, members: tuple[tuple[str, str], ...]) -> PublicKey:
    try:
        key = (ECKey if kind == "EC" else RSAKey).import_key({"kty": kind, **dict(members)})
        _check_size(key)
        return PublicKey(key, key.thumbprint())
    except (JoseError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise BadJose("malformed key") from error


def _check_size(key: ECKey | RSAKey) -> None:
    if isinstance(key, RSAKey) and key.public_key.key_size not in _RSA_BITS:
        raise BadJose("an RSA key has 2048 to 4096 bits here")
    if isinstance(key, ECKey):
        assert key.public_key is not None  # noqa: S101 - reads the point: off the curve raises
