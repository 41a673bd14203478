"""Bulk building of a tree from sorted records, in one pass: for imports, repairs and checks.

Source: atproto.com/specs/repository, "MST Structure". One node stands open on every layer. A key of
depth D closes the nodes below layer D (each becomes the last gap of the one above) and joins the
node open on layer D.
"""

from collections.abc import Iterable

from protocol.mst.node import MstError, Node, check_cid, check_key, key_depth


class _OpenNode:
    """A node still growing to the right: as many subtrees as keys, the last gap not yet known."""

    __slots__ = ("keys", "subtrees", "values")

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.values: list[bytes] = []
        self.subtrees: list[bytes | None] = []

    def close(self, last_gap: bytes | None, blocks: dict[bytes, bytes]) -> bytes | None:
        """Seal the node into `blocks` and start an empty one; returns the CID, None for no node."""
        if not self.keys and last_gap is None:
            return None
        node = Node(tuple(self.keys), tuple(self.values), (*self.subtrees, last_gap))
        cid = node.seal()
        blocks[cid] = node.block
        self.keys, self.values, self.subtrees = [], [], []
        return cid


def build(sorted_items: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, dict[bytes, bytes]]:
    """The root CID and all node blocks of the tree that holds these (key, record CID) pairs.

    MstError when keys are not strictly ascending, or a key or CID is not one.
    """
    blocks: dict[bytes, bytes] = {}
    layers: list[_OpenNode] = []
    previous = b""
    for key, cid in sorted_items:
        check_key(key)
        check_cid(cid)
        if key <= previous:
            raise MstError(f"keys must ascend: {key!r} came after {previous!r}")
        previous = key
        depth = key_depth(key)
        while len(layers) <= depth:
            layers.append(_OpenNode())
        node = layers[depth]
        node.subtrees.append(_close_all(layers[:depth], blocks))
        node.keys.append(key)
        node.values.append(cid)
    root = _close_all(layers, blocks)
    if root is None:
        empty = Node((), (), (None,))
        root = empty.seal()
        blocks[root] = empty.block
    return root, blocks


def _close_all(layers: list[_OpenNode], blocks: dict[bytes, bytes]) -> bytes | None:
    """Close nodes from the bottom up; returns the CID of the topmost, None when all were empty."""
    below: bytes | None = None
    for node in layers:
        below = node.close(below, blocks)
    return below
