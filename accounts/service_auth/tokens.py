"""Service tokens: JWTs of a minute by which a DID proves itself, signed by its own key.

Made for our accounts (getServiceAuth, proxying) and read from others (moving in, a moderation
service, uploads by a video service). Source: atproto.com/specs/xrpc "Inter-Service Authentication";
the names of refusals are the ones that clients of the network already know. How a token is
written: `compact_jws`.
"""

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from accounts.identity.keys import signing_keys
from accounts.models import Account
from hosting.models import Host
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import PDS_SERVICE, SIGNING_METHOD
from protocol.keys import PublicKey
from protocol.syntax import is_did
from server.encryption.compact_jws import BadServiceToken, Token, base64url, parse, segment

LIFETIME_S = 60  # of a token that nobody asked to live longer
MAX_LIFETIME_S = 3600
CLOCK_SKEW_S = 300
LABELER_SERVICE = "atproto_labeler"  # an issuer may name its labeler, `did#atproto_labeler`
LABEL_METHOD = "atproto_label"  # ... whose key has another name than the service
USER_METHODS = frozenset({SIGNING_METHOD})
SERVICE_METHODS = frozenset({SIGNING_METHOD, LABEL_METHOD})
_FAR_FUTURE = 2**53  # JSON has numbers that no integer here can be made of
_OTHER_KINDS = frozenset({"at+jwt", "refresh+jwt", "dpop+jwt"})  # tokens of other trades


class BadJwtType(BadServiceToken):
    """A session token or a proof of possession, shown as a service token."""

    name = "BadJwtType"


class JwtExpired(BadServiceToken):
    """It was good once."""

    name = "JwtExpired"


class BadJwtAudience(BadServiceToken):
    """Made for another service."""

    name = "BadJwtAudience"


class BadJwtLexiconMethod(BadServiceToken):
    """Made for another method, or for none in particular."""

    name = "BadJwtLexiconMethod"


class BadJwtIss(BadServiceToken):
    """The issuer is no DID, cannot be resolved, or has no key for this."""

    name = "BadJwtIss"


class BadJwtSignature(BadServiceToken):
    """Not signed by the key that the issuer publishes, not even freshly asked."""

    name = "BadJwtSignature"


class Resolve(Protocol):
    """How `verify` learns the issuer's keys; `fresh` asks past every cache. Raises XrpcError."""

    def __call__(self, did: str, *, fresh: bool = False) -> DidDocument: ...


@dataclass(frozen=True)
class ServiceClaims:
    """What a verified token says. `iss` may carry a fragment, `did` is its DID alone; `mark` tells
    this token from every other of the issuer."""

    iss: str
    aud: str
    lxm: str
    exp: int  # unix seconds
    jti: str
    mark: str

    @property
    def did(self) -> str:
        """The DID that speaks."""
        return self.iss.partition("#")[0]


def mint(account: Account, aud: str, lxm: str | None, expires_in_s: int = LIFETIME_S) -> str:
    """A token by which `account` speaks to `aud`, for the method `lxm` or for any."""
    key = signing_keys.signing_key(account.signing_did_key, account.did)
    issued_at = int(time.time())
    claims = {
        "iat": issued_at,
        "iss": account.did,
        "aud": aud,
        "exp": issued_at + expires_in_s,
        "jti": secrets.token_hex(16),
    }
    header = {"typ": "JWT", "alg": key.public.jwt_algorithm}
    signed = segment(header) + b"." + segment({**claims, "lxm": lxm} if lxm else claims)
    return (signed + b"." + base64url(key.sign(signed))).decode()


def audiences_of(host: Host) -> frozenset[str]:
    """The names under which tokens are meant for this host: its DID, and its PDS service in it;
    those of its second name, too."""
    return frozenset(each for did in host.service_dids for each in (did, f"{did}#{PDS_SERVICE}"))


def verify(
    jwt: str,
    audiences: Collection[str],
    lxm: str,
    *,
    document_of: Resolve,
    methods: Collection[str] = USER_METHODS,
) -> ServiceClaims:
    """Read a token meant for one of `audiences` and the method `lxm`, signed by one of the issuer's
    verification `methods`. Raises BadServiceToken and its kinds."""
    token, claims, method = _checked(jwt, audiences, lxm, methods)
    _check_signature(token, claims.did, method, document_of)
    return claims


def unproven(jwt: str, audiences: Collection[str], lxm: str) -> ServiceClaims:
    """What a token says, looked at as `verify` does but for its signature: nobody is asked for a
    key. Raises BadServiceToken and its kinds."""
    return _checked(jwt, audiences, lxm, USER_METHODS)[1]


def _checked(
    jwt: str, audiences: Collection[str], lxm: str, methods: Collection[str]
) -> tuple[Token, ServiceClaims, str]:
    token = parse(jwt)
    if token.header.get("typ") in _OTHER_KINDS:
        raise BadJwtType(f'Invalid jwt type "{token.header["typ"]}"')
    claims = _shaped(token)
    _check_time(claims.exp)
    if claims.aud not in audiences:
        raise BadJwtAudience("jwt audience does not match service did")
    if claims.lxm != lxm:
        raise BadJwtLexiconMethod(f"{_about(claims.lxm)}. must match: {lxm}")
    method = _method(token, claims)
    if method not in methods:
        raise BadJwtIss(f"Verification method #{method} is not accepted")
    return token, claims, method


def _shaped(token: Token) -> ServiceClaims:
    payload = token.payload
    for name in ("iss", "aud"):
        if not isinstance(payload.get(name), str):
            raise BadServiceToken(f"jwt has no {name}")
    for name in ("jti", "lxm"):
        if not isinstance(payload.get(name, ""), str):
            raise BadServiceToken(f"jwt has a {name} that is not a string")
    expires_at = payload.get("exp")
    if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
        raise BadServiceToken("jwt has no exp")
    jti = payload.get("jti", "")
    return ServiceClaims(
        iss=payload["iss"],
        aud=payload["aud"],
        lxm=payload.get("lxm", ""),
        exp=int(min(expires_at, _FAR_FUTURE)),
        jti=jti,
        mark=jti or token.signed.decode(),
    )


def _check_time(expires_at: int) -> None:
    now = time.time()
    if expires_at <= now:
        raise JwtExpired("jwt expired")
    if expires_at > now + MAX_LIFETIME_S + CLOCK_SKEW_S:
        raise BadServiceToken("jwt expiration is too far in the future")


def _about(lxm: str) -> str:
    if lxm:
        return f'bad jwt lexicon method ("{lxm}")'
    return 'missing jwt lexicon method ("lxm")'


def _method(token: Token, claims: ServiceClaims) -> str:
    """The issuer's verification method by which it signed: proposal 0014 names it in `kid`, older
    services name one of themselves in `iss`."""
    did, has_fragment, service = claims.iss.partition("#")
    if not is_did(did):
        raise BadJwtIss("jwt issuer is not a DID")
    if has_fragment:
        if service != LABELER_SERVICE:
            raise BadJwtIss(f"Unknown service in the jwt issuer: {service}")
        return LABEL_METHOD
    kid = token.header.get("kid")
    return kid.rpartition("#")[2] if isinstance(kid, str) and "#" in kid else SIGNING_METHOD


def _check_signature(token: Token, did: str, method: str, document_of: Resolve) -> None:
    """A key may have changed since its document was remembered, so one failure is not final."""
    remembered = _key(did, method, document_of(did))
    if remembered is not None and _is_signed(token, remembered):
        return
    published = _key(did, method, document_of(did, fresh=True))
    if published is None:
        raise BadJwtIss("missing or bad key in did doc")
    if not _is_signed(token, published):
        raise BadJwtSignature("jwt signature does not match jwt issuer")


def _key(did: str, method: str, document: DidDocument) -> PublicKey | None:
    did_key = document.key(method) if document.did == did else None
    return PublicKey.from_did_key(did_key) if did_key else None


def _is_signed(token: Token, key: PublicKey) -> bool:
    # Old clients still make high-S signatures in JWTs (protocol: service auth, small print).
    is_its_algorithm = token.header.get("alg") == key.jwt_algorithm
    return is_its_algorithm and key.verify_lenient(token.signed, token.signature)
