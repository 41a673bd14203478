"""One node of the tree: its keys, the records they name, the gaps between them, and its bytes.

Source: atproto.com/specs/repository, "MST Structure". Nodes are encoded by libipld, the fastest
codec here. It has no type for CIDs and turns any bytes that read as a CID into a link, which is
safe for nodes alone: keys are ASCII, so neither a key nor the rest of one can read as a CID.
"""

import re
from collections.abc import Callable
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
    digest = sha256(key).digest()
    depth = 0
    for byte in digest:
        if byte:
            return depth + _ZERO_PAIRS[byte]
        depth += 4
    return depth


def check_key(key: bytes) -> None:
    """Refuse what cannot be a record path; MstError."""
    if not _is_key(key) or len(key) > MAX_KEY_BYTES:
        raise MstError(f"not a record path: {key[:64]!r}")


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
    entries = []
    previous = b""
    subtrees = iter(node.subtrees)
    leftmost = next(subtrees)
    for key, value, subtree in zip(node.keys, node.values, subtrees, strict=True):
        shared = shared_prefix(previous, key)
        entries.append({"k": key[shared:], "p": shared, "t": subtree, "v": value})
        previous = key
    block: bytes = libipld.encode_dag_cbor({"e": entries, "l": leftmost})
    return block


def decode(cid: bytes, block: bytes) -> Node:
    """Read a node of our own, whose bytes are known to be well formed. MstError when they are not.

    Says nothing of keys out of order or hashes that differ: for a stranger's bytes there is
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
    """Read a node that a stranger sent; MstError unless its bytes are exactly what we would write.

    Checks the hash, every key and CID, and the encoding itself: writing the node again must give
    the same bytes, which leaves no room for other fields, other types or a shorter shared prefix.
    What takes more than one node to know (order across nodes, layers) is for `verify`.
    """
    if of_dag_cbor(block) != cid:
        raise MstError("the block does not hash to its CID")
    if len(block) > _TRUSTED_BYTES:
        _check_size(block)
    node = decode(cid, block)
    for key in node.keys:
        check_key(key)
    for value in node.values:
        check_cid(value)
    for subtree in node.subtrees:
        if subtree is not None:
            check_cid(subtree)
    if encode(node) != block:
        raise MstError("the node is not in canonical form")
    return node


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
