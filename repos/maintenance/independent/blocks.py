"""Blocks by cbor2 and multiformats: DAG-CBOR values, their CIDs, links between them.

Source: atproto.com/specs/data-model; ipld.io/specs/codecs/dag-cbor. Bytes may be hostile: nesting
is bounded, and tags other than links, which cbor2 would make dates, patterns and huge numbers of,
are refused before they are read.
"""

from io import BytesIO
from typing import Any, Final, NoReturn

import cbor2
from multiformats import CID, multicodec, multihash

CID_BYTES: Final = 36
_LINK: Final = 42
_INTEGERS: Final = range(-(2**63), 2**63)
# All that cbor2 knows: RFC 8949 section 3.4 and the registry of tags behind it
_OTHER_TAGS: Final = (
    *range(6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799,
)  # fmt: skip


class Malformed(ValueError):
    """The bytes are not what they should be; the message says why."""


def _refuse_tag(*_: object) -> NoReturn:
    raise Malformed("a tag other than a link's")


_STRICT: Final[dict[str, Any]] = {
    "max_depth": 64,
    "allow_indefinite": False,
    "allow_duplicate_keys": False,
    "strict_hashable_types": True,
    "semantic_decoders": dict.fromkeys(_OTHER_TAGS, _refuse_tag),
}


def decode(block: bytes) -> Any:
    """The value of a block; links stay CBORTag. Raises Malformed when it is not canonical."""
    value, rest = decode_first(block)
    if rest:
        raise Malformed("bytes behind the value")
    return value


def decode_first(data: bytes) -> tuple[Any, bytes]:
    """The first value of some bytes, and what is behind it. Raises Malformed."""
    stream = BytesIO(data)
    try:
        value = cbor2.CBORDecoder(stream, **_STRICT).decode()
    except (cbor2.CBORError, ValueError, RecursionError, MemoryError) as fault:
        raise Malformed(f"not DAG-CBOR: {fault}") from fault
    _check(value)
    used = stream.tell()
    if encode(value) != data[:used]:
        raise Malformed("not canonical DAG-CBOR")
    return value, data[used:]


def encode(value: Any) -> bytes:
    """Canonical DAG-CBOR of a value that `decode` could have given."""
    return cbor2.dumps(value, canonical=True)


def cid_of(block: bytes) -> bytes:
    """The CID that a block of DAG-CBOR must have: version 1, SHA-256."""
    return b"\x01" + multicodec.wrap("dag-cbor", multihash.digest(block, "sha2-256"))


def link(cid: bytes) -> cbor2.CBORTag:
    """A CID as it stands in a block."""
    return cbor2.CBORTag(_LINK, b"\0" + cid)


def linked(value: object) -> bytes:
    """The CID of a link to a block. Raises Malformed for anything else."""
    if not isinstance(value, cbor2.CBORTag) or value.tag != _LINK:
        raise Malformed("not a link")
    return checked_cid(value.value[1:])


def checked_cid(raw: bytes) -> bytes:
    """A CID of a block of a repo, not of a blob. Raises Malformed."""
    if len(raw) != CID_BYTES or not raw.startswith(_KIND):
        raise Malformed(f"not a CID of a block: {text_of(raw)}")
    return bytes(raw)


def text_of(cid: bytes) -> str:
    """A CID as people write it; hexadecimal for what is none."""
    try:
        return str(CID.decode(cid).encode("base32"))
    except (ValueError, KeyError):
        return cid.hex()


_KIND: Final = cid_of(b"")[:4]  # what a CID says before its hash


def _check(value: object) -> None:
    """Raise Malformed for what cbor2 reads and the data model does not have."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if not all(isinstance(key, str) for key in item):
                raise Malformed("a key that is not text")
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, cbor2.CBORTag):
            is_link = item.tag == _LINK and isinstance(item.value, bytes)
            if not is_link or item.value[:1] != b"\0":
                raise Malformed("a tag other than a link's")
        elif isinstance(item, int):
            if item not in _INTEGERS:
                raise Malformed("an integer of more than 64 bits")
        elif item is not None and not isinstance(item, str | bytes):
            raise Malformed(f"a {type(item).__name__}")
