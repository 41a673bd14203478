"""CIDs: the SHA-256 names of blocks and blobs.

Inside this codebase a CID is its 36 raw bytes: version 1, a codec (dag-cbor for records, nodes and
commits; raw for blobs), the sha-256 multihash header, the digest. As text it is `b` and 58 letters
of lower base32. Nothing else is accepted. Source: atproto.com/specs/data-model, "Link and CID
Formats".
"""

from hashlib import sha256

import libipld

DAG_CBOR_PREFIX = b"\x01\x71\x12\x20"
RAW_PREFIX = b"\x01\x55\x12\x20"
LENGTH_BYTES = 36
TEXT_LENGTH = 59
DIGEST_BYTES = 32

_PREFIXES = (DAG_CBOR_PREFIX, RAW_PREFIX)


class InvalidCid(ValueError):
    """The text or bytes are not a CIDv1 of dag-cbor or raw data under SHA-256."""


def of_dag_cbor(block: bytes) -> bytes:
    """Name an encoded record, MST node or commit."""
    return DAG_CBOR_PREFIX + sha256(block).digest()


def of_raw(block: bytes) -> bytes:
    """Name the bytes of a blob."""
    return RAW_PREFIX + sha256(block).digest()


def raw_from_digest(digest: bytes) -> bytes:
    """Name a blob whose SHA-256 (32 bytes) was taken while it streamed past."""
    if len(digest) != DIGEST_BYTES:
        raise InvalidCid("a SHA-256 digest has 32 bytes")
    return RAW_PREFIX + digest


def is_supported(raw: bytes) -> bool:
    """Whether the bytes are a CID of the two kinds that this codebase knows."""
    return len(raw) == LENGTH_BYTES and raw.startswith(_PREFIXES)


def is_raw(cid: bytes) -> bool:
    """Whether a supported CID names raw bytes (a blob) and not a dag-cbor block."""
    return cid.startswith(RAW_PREFIX)


def matches(cid: bytes, block: bytes) -> bool:
    """Whether a supported CID really is the name of these bytes."""
    return cid[4:] == sha256(block).digest()


def to_text(cid: bytes) -> str:
    """Write 36 raw bytes as the 59 letters seen in JSON. Raises InvalidCid."""
    if not is_supported(cid):
        raise InvalidCid("not a CIDv1 of dag-cbor or raw data under SHA-256")
    text: str = libipld.encode_cid(cid)
    return text


def from_text(text: str) -> bytes:
    """Read the 59 letters of a CID into its 36 raw bytes. Raises InvalidCid."""
    # The upper-case alphabets decode as well; only lower base32 is a CID's one spelling.
    if len(text) != TEXT_LENGTH or not text.startswith("b") or not text.islower():
        raise InvalidCid(f"not a CID: {text[:TEXT_LENGTH]!r}")
    try:
        raw: bytes = libipld.decode_multibase(text)[1]
    except ValueError as error:
        raise InvalidCid(f"not a CID: {text!r}") from error
    if not is_supported(raw):
        raise InvalidCid(f"not a CIDv1 of dag-cbor or raw data under SHA-256: {text}")
    return raw
