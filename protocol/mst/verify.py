"""Verification of an untrusted tree: all of it is read, and nothing believed.

Source: atproto.com/specs/repository, "MST Structure" and "Security Considerations". `verify` wants
the whole tree (an import); `partial` takes the part of one that a commit carries (a relay's view).
"""

from collections.abc import Mapping

from protocol.mst.node import MissingBlock, MstError, Node, decode_strict, key_depth


def verify(root: bytes, blocks: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Every (key, record CID) of a tree, in order, once all of it has been checked.

    Raises MstError for any node that is not exactly what we would have written in its place (see
    `decode_strict`; layers, order over the whole tree, no node empty or missing a layer) and
    MissingBlock when a node is not among the blocks.
    """
    reader = _Reader(blocks)
    reader.read_root(root)
    if reader.missing:
        raise MissingBlock(reader.missing[0])
    return reader.items


def partial(root: bytes, blocks: Mapping[bytes, bytes]) -> dict[bytes, Node]:
    """The nodes of a tree that are among the blocks and reach its root, checked as far as they go.

    Raises MstError like `verify`, and MissingBlock only for the root itself.
    """
    reader = _Reader(blocks)
    reader.read_root(root)
    return reader.nodes


class _Reader:
    """One walk through an untrusted tree, in key order."""

    def __init__(self, blocks: Mapping[bytes, bytes]) -> None:
        self._blocks = blocks
        self._previous = b""
        self.nodes: dict[bytes, Node] = {}
        self.items: list[tuple[bytes, bytes]] = []
        self.missing: list[bytes] = []

    def read_root(self, cid: bytes) -> None:
        """Read everything under the root, whose first key tells all the layers."""
        if cid not in self._blocks:
            raise MissingBlock(cid)
        root = decode_strict(cid, self._blocks[cid])
        self.nodes[cid] = root
        if root.keys:
            self._read_gaps(root, key_depth(root.keys[0]))
        elif root.subtrees[0] is not None:
            raise MstError("the root has no keys though the tree is not empty")

    def _read(self, cid: bytes, layer: int) -> None:
        if cid in self.nodes:  # a thousand gaps that lead to one node: the work of a thousand
            raise MstError("a node is in the tree twice")
        block = self._blocks.get(cid)
        if block is None:
            self.missing.append(cid)
            return
        node = decode_strict(cid, block)
        self.nodes[cid] = node
        if not node.keys and node.subtrees[0] is None:
            raise MstError("an empty node under the root")
        self._read_gaps(node, layer)

    def _read_gaps(self, node: Node, layer: int) -> None:
        for index, subtree in enumerate(node.subtrees):
            if index:
                self._take(node.keys[index - 1], node.values[index - 1], layer)
            if isinstance(subtree, bytes):
                if layer == 0:
                    raise MstError("a node on layer 0 has a subtree")
                self._read(subtree, layer - 1)

    def _take(self, key: bytes, cid: bytes, layer: int) -> None:
        if key <= self._previous:
            raise MstError(f"key out of order: {key!r}")
        if key_depth(key) != layer:
            raise MstError(f"key on layer {layer} where it has no place: {key!r}")
        self._previous = key
        self.items.append((key, cid))
