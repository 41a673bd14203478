"""Signing keys of accounts and directories: secp256k1 ("k256") and NIST P-256 ("p256").

A signature is 64 bytes, r then s, big-endian, over the SHA-256 of the message, with s in the lower
half of the group order ("low-S") so that each message has one acceptable form. coincurve signs
sixteen times faster than cryptography on k256; p256 is cryptography's.
Source: atproto.com/specs/cryptography; the did:key method; verification suites of DID documents.
"""

import secrets
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import ClassVar, Literal

import coincurve
import libipld
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Curve = Literal["k256", "p256"]

SIGNATURE_BYTES = 64
SECRET_BYTES = 32
# Group orders: SEC 2 section 2.4.1 and FIPS 186-4 section D.1.2.3.
ORDERS: dict[Curve, int] = {
    "k256": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
}
# The multicodec table's varints for secp256k1-pub and p256-pub.
_PREFIXES: dict[Curve, bytes] = {"k256": b"\xe7\x01", "p256": b"\x80\x24"}
# Suites of older DID documents: the bare point in base58, without a multicodec prefix.
_LEGACY_SUITES: dict[str, Curve] = {
    "EcdsaSecp256k1VerificationKey2019": "k256",
    "EcdsaSecp256r1VerificationKey2019": "p256",
}
_DID_KEY = "did:key:"
_P256_ALGORITHM = ec.ECDSA(SHA256())


class InvalidKey(ValueError):
    """The text or bytes are not a key of a curve that the network uses."""


class PublicKey(ABC):
    """A point on one of the two curves, kept compressed (33 bytes)."""

    curve: ClassVar[Curve]
    jwt_algorithm: ClassVar[str]  # the JWS name (RFC 7518, RFC 8812)
    point: bytes

    @staticmethod
    def from_did_key(text: str) -> "PublicKey":
        """Read `did:key:z...`. Results are cached: the same few keys sign everything."""
        if not text.startswith(_DID_KEY):
            raise InvalidKey("a did:key begins with did:key:")
        return _from_multikey(text.removeprefix(_DID_KEY))

    @staticmethod
    def from_verification_method(suite: str, public_key_multibase: str) -> "PublicKey":
        """Read a DID document's key by its `type`: Multikey or one of the 2019 suites."""
        if suite == "Multikey":
            return _from_multikey(public_key_multibase)
        if suite not in _LEGACY_SUITES:
            raise InvalidKey(f"unknown verification method type: {suite}")
        return _from_point(_LEGACY_SUITES[suite], _base58(public_key_multibase))

    @property
    def multibase(self) -> str:
        """The key as a DID document's `publicKeyMultibase` of type Multikey."""
        text: str = libipld.encode_multibase("z", _PREFIXES[self.curve] + self.point)
        return text

    @property
    def did_key(self) -> str:
        """The key as a `did:key:` text."""
        return _DID_KEY + self.multibase

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the key signed the message; high-S, DER and other lengths are refused."""
        return self._verify(message, signature, highest_s=ORDERS[self.curve] >> 1)

    def verify_lenient(self, message: bytes, signature: bytes) -> bool:
        """The same for JWTs, where old clients still send high-S."""
        return self._verify(message, signature, highest_s=ORDERS[self.curve] - 1)

    def _verify(self, message: bytes, signature: bytes, highest_s: int) -> bool:
        if len(signature) != SIGNATURE_BYTES:
            return False
        order = ORDERS[self.curve]
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if not (0 < r < order and 0 < s <= highest_s):
            return False
        return self._is_signed(message, encode_dss_signature(r, min(s, order - s)))

    @abstractmethod
    def _is_signed(self, message: bytes, der: bytes) -> bool:
        """Verify a low-S signature in DER, the form that both libraries read."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.point == other.point

    def __hash__(self) -> int:
        return hash((self.curve, self.point))

    def __repr__(self) -> str:
        return f"PublicKey({self.did_key})"


class _K256PublicKey(PublicKey):
    curve = "k256"
    jwt_algorithm = "ES256K"

    def __init__(self, point: bytes) -> None:
        self._key = coincurve.PublicKey(point)
        self.point = self._key.format(compressed=True)

    def _is_signed(self, message: bytes, der: bytes) -> bool:
        return self._key.verify(der, message)


class _P256PublicKey(PublicKey):
    curve = "p256"
    jwt_algorithm = "ES256"

    def __init__(self, point: bytes) -> None:
        self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        self.point = self._key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def _is_signed(self, message: bytes, der: bytes) -> bool:
        try:
            self._key.verify(der, message, _P256_ALGORITHM)
        except InvalidSignature:
            return False
        return True


_PUBLIC: dict[Curve, type[_K256PublicKey] | type[_P256PublicKey]] = {
    "k256": _K256PublicKey,
    "p256": _P256PublicKey,
}


class SigningKey(ABC):
    """A secret scalar (32 bytes) of one of the two curves. Never prints its secret."""

    secret: bytes
    public: PublicKey

    @staticmethod
    def generate(curve: Curve = "k256") -> "SigningKey":
        """Draw a new key from the system's randomness."""
        scalar = secrets.randbelow(ORDERS[curve] - 1) + 1
        return _SIGNING[curve](scalar.to_bytes(SECRET_BYTES, "big"))

    @staticmethod
    def load(curve: Curve, secret: bytes) -> "SigningKey":
        """Make the key of a stored secret (32 bytes, big-endian). Raises InvalidKey."""
        if curve not in ORDERS:
            raise InvalidKey(f"unknown curve: {curve}")
        if len(secret) != SECRET_BYTES or not 0 < int.from_bytes(secret, "big") < ORDERS[curve]:
            raise InvalidKey("a secret is 32 bytes, above zero and below the group order")
        return _SIGNING[curve](secret)

    @property
    def curve(self) -> Curve:
        """`k256` or `p256`."""
        return self.public.curve

    @property
    def did_key(self) -> str:
        """The public half as a `did:key:` text."""
        return self.public.did_key

    @abstractmethod
    def sign(self, message: bytes) -> bytes:
        """Sign the SHA-256 of the message: 64 bytes, r then s, low-S."""

    def __repr__(self) -> str:
        return f"SigningKey({self.did_key})"


class _K256SigningKey(SigningKey):
    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.public = _K256PublicKey(coincurve.PublicKey.from_secret(secret).format())
        self._key = coincurve.PrivateKey(secret)

    def sign(self, message: bytes) -> bytes:
        # libsecp256k1 always gives low-S; the 65th byte only helps to recover the public key.
        return self._key.sign_recoverable(message)[:SIGNATURE_BYTES]


class _P256SigningKey(SigningKey):
    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self._key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
        public = self._key.public_key()
        self.public = _P256PublicKey(
            public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        )

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, _P256_ALGORITHM))
        s = min(s, ORDERS["p256"] - s)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


_SIGNING: dict[Curve, type[_K256SigningKey] | type[_P256SigningKey]] = {
    "k256": _K256SigningKey,
    "p256": _P256SigningKey,
}


def _base58(text: str) -> bytes:
    if not text.startswith("z"):
        raise InvalidKey("a public key is base58, after the letter z")
    try:
        raw: bytes = libipld.decode_multibase(text)[1]
    except ValueError as error:
        raise InvalidKey(f"not base58: {text}") from error
    return raw


@lru_cache(maxsize=4096)
def _from_multikey(text: str) -> PublicKey:
    raw = _base58(text)
    for curve, prefix in _PREFIXES.items():
        if raw.startswith(prefix) and len(raw) == len(prefix) + 33:
            return _from_point(curve, raw[len(prefix) :])
    raise InvalidKey("not the Multikey of a compressed k256 or p256 point")


def _from_point(curve: Curve, point: bytes) -> PublicKey:
    # 02 and 03 begin a compressed point, 04 a whole one; the hybrid forms 06 and 07 are nobody's.
    if (len(point), point[:1]) not in {(33, b"\x02"), (33, b"\x03"), (65, b"\x04")}:
        raise InvalidKey("a public key is a point of 33 or 65 bytes")
    try:
        return _PUBLIC[curve](point)
    except ValueError as error:
        raise InvalidKey("the point is not on the curve") from error
