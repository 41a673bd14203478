"""Strict DAG-CBOR ("DRISL"): the one encoding of every block, so that a value has one CID.

cbrrr refuses every non-canonical form. What no library refuses is added here in one iterative
walk: floats, integers beyond 64 bits signed, links to other kinds of CID, nesting deeper than
MAX_DEPTH, and more values than protocol.untrusted_input.limits allows.
Source: atproto.com/specs/data-model; ipld.io/specs/codecs/dag-cbor, "Strictness".
"""

from typing import Any

import cbrrr

from protocol import cid
from protocol.untrusted_input.limits import RECORD, InputLimits

Link = cbrrr.CID  # in decoded values only; its `cid_bytes` are the 36 raw bytes

MAX_DEPTH = 32  # containers inside containers; no bundled lexicon needs a third of it
MAX_JSON_SAFE_INTEGER = 2**53 - 1

# The decoder reserves memory for the length each array claims before it has read the items, so
# a megabyte of nested array heads costs minutes. Above this size depth and limits are scanned
# beforehand; below it the worst input costs about two milliseconds.
_TRUSTED_BYTES = 2048
_FEW_BYTES = RECORD.keys  # too few for too many keys or values, each of which takes a byte
# What a walk need not look at: types whose every value is part of the data model.
_HARMLESS: frozenset[type] = frozenset({str, bytes, bool, type(None)})
_HARMLESS_OR_READ: frozenset[type] = _HARMLESS | {Link}  # links are looked at as they are read
# First bytes of arrays and maps of definite length (majors 4 and 5).
_CONTAINER_HEADS = bytes([*range(0x80, 0x9C), *range(0xA0, 0xBC)])
# And of floats, and of integers that take eight bytes.
_SUSPECT_HEADS = b"\xf9\xfa\xfb\x1b\x3b"
_UNSUSPECT = bytes(set(range(256)) - {*_CONTAINER_HEADS, *_SUSPECT_HEADS})


class CborError(ValueError):
    """The bytes are not strict DAG-CBOR, or the value cannot be written as such."""


def encode(value: Any) -> bytes:
    """Write dicts, lists, str, int, bytes, bool, None and Link canonically. Raises CborError."""
    _check(value, _HARMLESS)
    try:
        return cbrrr.encode_dag_cbor(value)
    except (ValueError, TypeError) as error:
        raise CborError(f"cannot be encoded: {error}") from error


def encode_own(value: Any) -> bytes:
    """As `encode`, at a third of the cost: of a value that nobody but us had a part in, so that
    nothing in it need be looked for."""
    return cbrrr.encode_dag_cbor(value)


def decode(data: bytes) -> Any:
    """Read one canonical value; `encode` of the result gives `data` back. Raises CborError."""
    is_plain = _is_plain(data)
    if len(data) > _TRUSTED_BYTES and not (is_plain and len(data) <= _FEW_BYTES):
        check_limits(data)
    try:
        value = cbrrr.decode_dag_cbor(data, cid_ctor=_link)
    except (ValueError, MemoryError) as error:
        raise CborError(f"not strict DAG-CBOR: {error}") from error
    if not is_plain:
        _check(value, _HARMLESS_OR_READ)
    return value


def _link(raw: bytes) -> Link:
    if not cid.is_supported(raw):
        raise ValueError("a link is not a CIDv1 of dag-cbor or raw data under SHA-256")
    return Link(raw)


def _is_plain(data: bytes) -> bool:
    """Whether no byte could be the head of what `_check` refuses, whatever the bytes mean: true of
    most records without links, and several times faster than the walk."""
    suspects = data.translate(None, _UNSUSPECT)
    return len(suspects) <= MAX_DEPTH and not suspects.translate(None, _CONTAINER_HEADS)


def _check(value: Any, harmless: frozenset[type]) -> None:
    """Walk level by level, never by recursion: the depth of a hostile value costs no stack."""
    level = [[value]]
    for _ in range(MAX_DEPTH + 1):
        below = []
        for container in level:
            for item in container:
                kind = type(item)
                if kind in harmless:
                    continue
                if kind is dict:
                    below.append(item.values())
                elif kind is list:
                    below.append(item)
                else:
                    _check_scalar(item)
        if not below:
            return
        level = below
    raise CborError(f"nested deeper than {MAX_DEPTH} levels")


def _check_scalar(item: Any) -> None:
    kind = type(item)
    if kind is int:
        if not -(2**63) <= item < 2**63:
            raise CborError("an integer does not fit 64 bits signed")
    elif kind is float:
        raise CborError("floats are not part of the data model")
    elif kind is Link and not cid.is_supported(item.cid_bytes):
        raise CborError("a link is not a CIDv1 of dag-cbor or raw data under SHA-256")


def check_limits(data: bytes, limits: InputLimits = RECORD) -> None:
    """Refuse hostile nesting and numbers before anything is decoded; leave all other faults to the
    decoder. A container counts with the length that it claims, so the walk itself is bounded.
    Raises CborError."""
    heads = len(data) - len(data.translate(None, _CONTAINER_HEADS))
    if heads <= MAX_DEPTH and len(data) <= _FEW_BYTES:
        return  # too few bytes that could open a container at all
    open_items = [1]  # how many items each open container still waits for
    containers = keys = values = at = 0
    while at < len(data) and open_items:
        major, length, at = read_head(data, at)
        open_items[-1] -= 1
        if major in (2, 3):
            at += length
        elif major in (4, 5):
            containers += 1
            keys += length if major == 5 else 0
            values += length
            if excess := limits.excess(containers, keys, values):
                raise CborError(excess)
            if length:
                open_items.append(length if major == 4 else length * 2)
            if len(open_items) > MAX_DEPTH + 1:
                raise CborError(f"nested deeper than {MAX_DEPTH} levels")
        elif major == 6:
            if at < len(data) and data[at] >> 5 != 2:  # a chain of them would cost a walk
                raise CborError("a tag that is not a link's")
            open_items[-1] += 1
        while open_items and not open_items[-1]:
            open_items.pop()


def read_head(data: bytes, at: int) -> tuple[int, int, int]:
    """Read one item's head: its major type, its argument, where its content begins."""
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, at + 1
    end = at + 1 + (1 << (info - 24 & 3))
    return major, int.from_bytes(data[at + 1 : end], "big"), end
