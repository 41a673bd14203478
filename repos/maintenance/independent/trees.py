"""A tree as a row of leaves: taken apart with a note of all that is wrong, and put together again.

Source: atproto.com/specs/repository, "MST Structure". A tree of which some nodes are missing, as in
the slice that comes with a commit, has a stub for each: what is below it is not known, and whatever
would have to be known of it is Insufficient.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final, NamedTuple

from repos.maintenance.independent import blocks
from repos.maintenance.independent.blocks import Malformed

Note = Callable[[str, str], None]  # what is wrong, and where
LAYERS_MAX: Final = 128  # two bits of a hash each
_ENTRY: Final = {"k", "p", "t", "v"}


class Insufficient(ValueError):
    """Blocks are missing that it takes to know the tree."""


class Leaf(NamedTuple):
    """A record's place: its path and its CID."""

    key: bytes
    value: bytes


class Stub(NamedTuple):
    """A node that is not there."""

    cid: bytes
    layer: int


Part = Leaf | Stub


class _Entry(NamedTuple):
    key: bytes
    value: bytes
    right: bytes | None


class _Node(NamedTuple):
    left: bytes | None
    entries: list[_Entry]


def put_together(parts: Sequence[Part]) -> bytes:
    """The root of the one tree that has these parts. Raises Insufficient."""
    if not parts:
        return blocks.cid_of(blocks.encode({"e": [], "l": None}))
    if len(parts) == 1 and isinstance(parts[0], Stub):
        return parts[0].cid
    return _node_of(parts, max(map(_layer_of, parts)))


def layer_of(key: bytes) -> int:
    """How high a key stands: pairs of zero bits that its hash begins with."""
    digest = int.from_bytes(sha256(key).digest())
    return (256 - digest.bit_length()) // 2


class Walk:
    """One walk through a tree; `seen` are the nodes that it asked for.

    `note` is told of nodes that are missing, do not hash to their CID, cannot be read, or stand in
    the wrong layer, and of keys out of order.
    """

    def __init__(self, stored: Mapping[bytes, bytes], note: Note) -> None:
        self._stored = stored
        self._note = note
        self.seen: set[bytes] = set()

    def take_apart(self, root: bytes) -> list[Part]:
        """All parts of a tree from left to right. A node that cannot be trusted is a stub."""
        node = self._read(root)
        if node is None:
            return [Stub(root, LAYERS_MAX)]
        parts = self._parts_in(node, layer_of(node.entries[0].key) if node.entries else 0)
        keys = [part.key for part in parts if isinstance(part, Leaf)]
        for before, after in pairwise(keys):
            if before >= after:
                self._note("wrong order", after.decode(errors="replace"))
        return parts

    def _parts_below(self, cid: bytes, layer: int) -> list[Part]:
        node = self._read(cid)
        if node is not None and (layer < 0 or not (node.entries or node.left)):
            self._note("wrong layer", blocks.text_of(cid))
            node = None
        return [Stub(cid, layer)] if node is None else self._parts_in(node, layer)

    def _parts_in(self, node: _Node, layer: int) -> list[Part]:
        parts = self._parts_below(node.left, layer - 1) if node.left else []
        for entry in node.entries:
            if layer_of(entry.key) != layer:
                self._note("wrong layer", entry.key.decode(errors="replace"))
            parts.append(Leaf(entry.key, entry.value))
            if entry.right:
                parts += self._parts_below(entry.right, layer - 1)
        return parts

    def _read(self, cid: bytes) -> _Node | None:
        """A node, once: a tree that had one in two places would have its keys twice, and few bytes
        could be a tree without end."""
        where, block = blocks.text_of(cid), self._stored.get(cid)
        if cid in self.seen:
            self._note("wrong order", f"{where} stands in two places")
            return None
        self.seen.add(cid)
        if block is None:
            self._note("missing block", where)
        elif blocks.cid_of(block) != cid:
            self._note("wrong CID", where)
        else:
            try:
                return _node_in(block)
            except Malformed as fault:
                self._note("malformed", f"{where} ({fault})")
        return None


def _node_in(block: bytes) -> _Node:
    """A node from its block. Raises Malformed."""
    value = blocks.decode(block)
    if not isinstance(value, dict) or set(value) != {"e", "l"} or not isinstance(value["e"], list):
        raise Malformed("not the fields of a node")
    entries: list[_Entry] = []
    for item in value["e"]:
        entries.append(_entry_of(item, entries[-1].key if entries else b""))
    return _Node(_child(value["l"]), entries)


def _entry_of(item: Any, before: bytes) -> _Entry:
    if not isinstance(item, dict) or set(item) != _ENTRY:
        raise Malformed("not the fields of a node's entry")
    length, suffix = item["p"], item["k"]
    if type(length) is not int or not isinstance(suffix, bytes):
        raise Malformed("not the key of a node's entry")
    key = before[: max(length, 0)] + suffix
    if length != _shared(before, key):
        raise Malformed("not the whole common prefix")
    return _Entry(key, blocks.linked(item["v"]), _child(item["t"]))


def _shared(before: bytes, key: bytes) -> int:
    """How many bytes two keys have in common at their beginning."""
    pairs = enumerate(zip(before, key, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(before), len(key)))


def _child(value: object) -> bytes | None:
    return None if value is None else blocks.linked(value)


def _layer_of(part: Part) -> int:
    return layer_of(part.key) if isinstance(part, Leaf) else part.layer


def _node_of(parts: Sequence[Part], layer: int) -> bytes:
    """The CID of the node of a layer that has these parts."""
    if len(parts) == 1 and isinstance(parts[0], Stub) and parts[0].layer == layer:
        return parts[0].cid
    if any(isinstance(part, Stub) and part.layer >= layer for part in parts):
        raise Insufficient("a node that is not there would have to be parted or merged")
    tops = [at for at, part in enumerate(parts) if _layer_of(part) == layer]
    gaps = [parts[low + 1 : high] for low, high in pairwise([-1, *tops, len(parts)])]
    children = [_node_of(gap, layer - 1) if gap else None for gap in gaps]
    entries, before = [], b""
    for at, child in zip(tops, children[1:], strict=True):
        leaf = parts[at]
        assert isinstance(leaf, Leaf)  # noqa: S101 - stubs of this layer were refused above
        entries.append(_entry_value(leaf, before, child))
        before = leaf.key
    return blocks.cid_of(blocks.encode({"e": entries, "l": _link_or_none(children[0])}))


def _entry_value(leaf: Leaf, before: bytes, child: bytes | None) -> dict[str, Any]:
    length = _shared(before, leaf.key)
    return {
        "k": leaf.key[length:],
        "p": length,
        "t": _link_or_none(child),
        "v": blocks.link(leaf.value),
    }


def _link_or_none(cid: bytes | None) -> Any:
    return blocks.link(cid) if cid else None
