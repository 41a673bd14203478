"""One node of the tree: its keys, the records they name, the gaps between them, and its bytes.

Source: atproto.com/specs/repository, "MST Structure". All nodes have one shape, so they are written
by joining ready pieces, faster than any encoder. They are read by libipld, the fastest decoder
here; it has no type for CIDs and gives links as bytes, which a strict reader tells apart by what it
would have written.
"""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Union

import libipld

from protocol import cbor
from protocol.cid import DAG_CBOR_PREFIX, LENGTH_BYTES, of_dag_cbor

# A node deeper than its parent allows, or wider than this, was built to hurt: three keys in four
# have depth 0, so the chance of a run of 1,024 keys on one layer is (3/4) ** 1024.
MAX_ENTRIES = 1024
MAX_KEY_BYTES = 1024
# Three or four times an honest node. However hostile so few bytes are, libipld is through with them
# in about three milliseconds; over a megabyte of nested array heads it would take seconds.
_TRUSTED_BYTES = 2048

# Leading zero bit pairs of a byte that is not zero.
_ZERO_PAIRS = tuple((8 - value.bit_length()) // 2 for value in range(256))
_is_key: Callable[[bytes], object] = re.compile(rb"[A-Za-z0-9._:~-]+/[A-Za-z0-9._:~-]+").fullmatch

Link = Union[bytes, "Node", None]


def _numbered(before: bytes, major: int, most: int, after: bytes = b"") -> tuple[bytes, ...]:
    """A piece of a node for each number that its one CBOR head can say: 0 to `most`, below 2^16."""
    heads = (
        bytes((major << 5 | number,))
        if number < 24
        else bytes((major << 5 | 24, number))
        if number < 256
        else bytes((major << 5 | 25, number >> 8, number & 255))
        for number in range(most + 1)
    )
    return tuple(before + head + after for head in heads)


# What stands between a node's keys and CIDs. A link is a byte string under tag 42, a zero first.
_LINK = b"\xd8\x2a\x58\x25\x00"
_OPENING = _numbered(b"\xa2\x61e", 4, MAX_ENTRIES)  # by the number of entries
_REST = _numbered(b"\xa4\x61k", 2, MAX_KEY_BYTES)  # by the length of the key's rest, which follows
# By the length of the prefix: before the value of an entry, and before the subtree of one.
_TO_VALUE = _numbered(b"\x61p", 0, MAX_KEY_BYTES, b"\x61t\xf6\x61v" + _LINK)
_TO_SUBTREE = _numbered(b"\x61p", 0, MAX_KEY_BYTES, b"\x61t" + _LINK)
_VALUE = b"\x61v" + _LINK
_LEFT = b"\x61l" + _LINK
_NO_LEFT = b"\x61l\xf6"


class MstError(ValueError):
    """The tree, or one of its nodes, breaks a rule of the specification."""


class MissingBlock(KeyError):
    """A node that the tree links to is not among the blocks. `cid` says which."""

    def __init__(self, cid: bytes) -> None:
        super().__init__(cid)
        self.cid = cid


class Node:
    """A draft while `cid` is None; sealed, and never changed again, once it has one.

    `subtrees` is one longer than `keys`: the gap before each key, then the gap after the last. A
    gap holds None, the CID of a node one layer down, or (in a draft alone) that node itself.
    """

    __slots__ = ("_origin", "block", "cid", "keys", "subtrees", "values")

    def __init__(
        self, keys: tuple[bytes, ...], values: tuple[bytes, ...], subtrees: tuple[Link, ...]
    ) -> None:
        self.keys = keys
        self.values = values
        self.subtrees = subtrees
        self.cid: bytes | None = None
        self.block = b""
        self._origin: tuple[Node, int] | None = None

    def with_gap(self, index: int, subtree: Link) -> "Node":
        """A draft that differs from this node in one gap."""
        subtrees = (*self.subtrees[:index], subtree, *self.subtrees[index + 1 :])
        draft = Node(self.keys, self.values, subtrees)
        if self.cid is not None:
            draft._origin = (self, index)
        return draft

    def seal(self) -> bytes:
        """Encode a draft whose subtrees are all CIDs; returns its CID."""
        self.block = self._relinked() or encode(self)
        self.cid = of_dag_cbor(self.block)
        self._origin = None
        return self.cid

    def _relinked(self) -> bytes | None:
        """The origin's block with one CID exchanged, where that is all that changed.

        True of every node above the one an edit touches, and six times faster than encoding.
        """
        if self._origin is None:
            return None
        origin, index = self._origin
        old, new = origin.subtrees[index], self.subtrees[index]
        if isinstance(old, bytes) and isinstance(new, bytes) and origin.block.count(old) == 1:
            return origin.block.replace(old, new)
        return None


def key_depth(key: bytes) -> int:
    """The key's layer: pairs of leading zero bits in its SHA-256."""
    depth = 0
    for byte in sha256(key).digest():
        if byte:
            return depth + _ZERO_PAIRS[byte]
        depth += 4
    return depth


def check_key(key: bytes) -> None:
    """Refuse what cannot be a record path; MstError."""
    if not _is_key(key) or len(key) > MAX_KEY_BYTES:
        raise MstError(f"not a record path: '{key[:100].decode(errors='backslashreplace')}'")


def check_cid(cid: object) -> None:
    """Refuse what is not a CIDv1, dag-cbor, sha-256; MstError."""
    if type(cid) is not bytes or len(cid) != LENGTH_BYTES or not cid.startswith(DAG_CBOR_PREFIX):
        raise MstError(f"not the CID of a record or node: {cid!r:.200}")


def shared_prefix(left: bytes, right: bytes) -> int:
    """How many leading bytes two keys share."""
    # The highest bit that differs tells the first byte that does: four times faster than a search.
    length = len(left)
    if length != len(right):
        length = min(length, len(right))
        left, right = left[:length], right[:length]
    difference = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return length - (difference.bit_length() + 7) // 8


def encode(node: Node) -> bytes:
    """The node's canonical bytes. MstError when it is wider than any honest node."""
    if len(node.keys) > MAX_ENTRIES:
        raise MstError(f"a node may hold {MAX_ENTRIES} entries, this one has {len(node.keys)}")
    pieces = [_OPENING[len(node.keys)]]
    previous = b""
    subtrees: Iterator[Any] = iter(node.subtrees)
    leftmost = next(subtrees)
    for key, value, subtree in zip(node.keys, node.values, subtrees, strict=True):
        shared = shared_prefix(previous, key)
        pieces += _entry(shared, key[shared:], subtree, value)
        previous = key
    pieces += _end(leftmost)
    return b"".join(pieces)


def _entry(shared: int, rest: bytes, subtree: Any, value: bytes) -> tuple[bytes, ...]:
    """The pieces of one entry; the subtree's CID or None."""
    if subtree is None:
        return _REST[len(rest)], rest, _TO_VALUE[shared], value
    return _REST[len(rest)], rest, _TO_SUBTREE[shared], subtree, _VALUE, value


def _end(leftmost: Any) -> tuple[bytes, ...]:
    return (_NO_LEFT,) if leftmost is None else (_LEFT, leftmost)


def decode(cid: bytes, block: bytes) -> Node:
    """Read a node of our own, whose bytes are known to be well formed. MstError when they are not.

    Says nothing of keys out of order or hashes that differ: for untrusted bytes there is
    `decode_strict`.
    """
    keys, values = [], []
    key = b""
    try:
        fields = libipld.decode_dag_cbor(block)
        subtrees = [fields["l"]]
        for entry in fields["e"]:
            key = key[: entry["p"]] + entry["k"]
            keys.append(key)
            values.append(entry["v"])
            subtrees.append(entry["t"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise MstError(f"not an MST node: {error}") from error
    node = Node(tuple(keys), tuple(values), tuple(subtrees))
    node.cid, node.block = cid, block
    return node


def decode_strict(cid: bytes, block: bytes) -> Node:
    """Read an untrusted node; MstError unless its bytes are exactly what we would write.

    Checks the hash, every key and CID, and the encoding itself: writing the node again must give
    the same bytes, which leaves no room for other fields, other types or a shorter shared prefix.
    What takes more than one node to know (order across nodes, layers) is for `verify`.
    """
    if of_dag_cbor(block) != cid:
        raise MstError("the block does not hash to its CID")
    if len(block) > _TRUSTED_BYTES:
        _check_size(block)
    try:
        node, canonical = _read_strictly(libipld.decode_dag_cbor(block))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise MstError(f"not an MST node: {error}") from error
    if canonical != block:
        raise MstError("the node is not in canonical form")
    node.cid, node.block = cid, block
    return node


def _read_strictly(fields: Any) -> tuple[Node, bytes]:
    """A node from what its bytes say, and the bytes that `encode` would give.

    The values may be of any type: what breaks here raises one of several errors, and what looks
    like a number, bytes or a link and was not written as one shows in the bytes.
    """
    entries, leftmost = fields["e"], fields["l"]
    if leftmost is not None:
        check_cid(leftmost)
    keys, values, subtrees = [], [], [leftmost]
    pieces = [_OPENING[len(entries)]]
    key = b""
    for entry in entries:
        shared, rest, value, subtree = entry["p"], entry["k"], entry["v"], entry["t"]
        if shared > len(key) or key[shared : shared + 1] == rest[:1]:
            raise MstError("a key's prefix is not all that it shares with the key before")
        key = key[:shared] + rest
        check_key(key)
        check_cid(value)
        if subtree is not None:
            check_cid(subtree)
        pieces += _entry(shared, rest, subtree, value)
        keys.append(key)
        values.append(value)
        subtrees.append(subtree)
    pieces += _end(leftmost)
    return Node(tuple(keys), tuple(values), tuple(subtrees)), b"".join(pieces)


def _check_size(block: bytes) -> None:
    """Refuse nesting, and entries whose keys would fill the memory: each may repeat all of the one
    before."""
    try:
        fields: Any = cbor.decode(block)
    except cbor.CborError as error:
        raise MstError(f"not an MST node: {error}") from error
    entries = fields.get("e") if isinstance(fields, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise MstError(f"a node has a list of at most {MAX_ENTRIES} entries")
    for entry in entries:
        match entry:
            case {"p": int(shared), "k": bytes(rest)} if 0 <= shared <= MAX_KEY_BYTES - len(rest):
                continue
        raise MstError(f"an entry has no key, or one of more than {MAX_KEY_BYTES} bytes")
