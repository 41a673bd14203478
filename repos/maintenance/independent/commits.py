"""Commits and their signatures by cbor2 and cryptography.

Source: atproto.com/specs/repository, "Commit Objects"; atproto.com/specs/cryptography.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from multiformats import multibase, multicodec

from repos.maintenance.independent import blocks
from repos.maintenance.independent.blocks import Malformed

_TID: Final = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_DID_KEY: Final = "did:key:"
_FIELDS: Final = {"did", "version", "data", "rev", "prev", "sig"}
_HALF_BYTES: Final = 32
# Curves and the orders of their groups: SEC 2 section 2.4.1 and FIPS 186-4 section D.1.2.3
_CURVES: Final[dict[str, tuple[ec.EllipticCurve, int]]] = {
    "secp256k1-pub": (
        ec.SECP256K1(), 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
    "p256-pub": (
        ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Commit:
    """A commit as its block says: `signed` are the bytes under the signature."""

    did: str
    rev: str
    data: bytes
    signature: bytes
    signed: bytes


def read(block: bytes) -> Commit:
    """A commit from its block. Raises Malformed."""
    value = blocks.decode(block)
    if not isinstance(value, dict) or not _FIELDS - {"prev"} <= set(value) <= _FIELDS:
        raise Malformed("not the fields of a commit")
    did, rev, signature = value["did"], value["rev"], value.pop("sig")
    if value["version"] not in {2, 3} or not isinstance(did, str) or not is_tid(rev):
        raise Malformed("not a commit's version, DID or rev")
    if not isinstance(signature, bytes):
        raise Malformed("not a commit's signature")
    return Commit(did, rev, blocks.linked(value["data"]), signature, blocks.encode(value))


def is_signed(commit: Commit, did_key: str) -> bool:
    """Whether that key made the signature, in the one form that is allowed (low-S)."""
    try:
        curve, order, point = _read_key(did_key)
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    except (Malformed, ValueError):
        return False
    r = int.from_bytes(commit.signature[:_HALF_BYTES])
    s = int.from_bytes(commit.signature[_HALF_BYTES:])
    if len(commit.signature) != 2 * _HALF_BYTES or not (r and 0 < s <= order // 2):
        return False
    try:
        key.verify(encode_dss_signature(r, s), commit.signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def is_tid(value: Any) -> bool:
    """Whether it is a TID, as revs are."""
    return isinstance(value, str) and _TID.fullmatch(value) is not None


def _read_key(did_key: str) -> tuple[ec.EllipticCurve, int, bytes]:
    if not did_key.startswith(_DID_KEY):
        raise Malformed("not a did:key")
    try:
        codec, point = multicodec.unwrap(multibase.decode(did_key.removeprefix(_DID_KEY)))
    except (ValueError, KeyError) as fault:
        raise Malformed(f"not a did:key: {fault}") from fault
    if codec.name not in _CURVES:
        raise Malformed(f"a key of another kind: {codec.name}")
    curve, order = _CURVES[codec.name]
    return curve, order, bytes(point)
