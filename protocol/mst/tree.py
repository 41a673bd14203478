"""A repo's tree opened at one root: read, changed, committed, proved and walked.

Source: atproto.com/specs/repository, "MST Structure"; for covering proofs the Sync v1.1 proposal
(bluesky-social/proposals 0006) and the public commit-proof fixtures.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from protocol.mst.edit import Edit
from protocol.mst.node import Link, MissingBlock, MstError, Node, check_cid, check_key, decode


class Tree:
    """Record paths to record CIDs, over nodes fetched as they are needed.

    `root` is the CID of the root node, or None for a new and empty tree. `blocks` maps node CIDs to
    their bytes (trusted: our own store) and is asked for a node at most once; a CID it lacks raises
    MissingBlock. `cache` may be shared by any number of trees. An edit that raises changes nothing.

    After `commit()`, `new_blocks` holds the nodes that the tree as opened did not have and `gone`
    the CIDs of those it no longer has: old nodes - gone + new_blocks = the nodes of the tree now.
    """

    def __init__(
        self,
        root: bytes | None,
        blocks: Mapping[bytes, bytes],
        cache: MutableMapping[bytes, Node] | None = None,
    ) -> None:
        self._blocks = blocks
        self._cache: MutableMapping[bytes, Node] = {} if cache is None else cache
        self._own: dict[bytes, Node] = {}  # sealed here, and perhaps dropped by the cache since
        self._superseded: list[bytes] = []
        self._gone: dict[bytes, None] = {}
        self.new_blocks: dict[bytes, bytes] = {}
        self._root = self._load(root) if root is not None else Node((), (), (None,))

    @property
    def gone(self) -> list[bytes]:
        """CIDs of the nodes that the tree had when it was opened and has no more."""
        return list(self._gone)

    def get(self, key: bytes) -> bytes | None:
        """The record's CID, or None."""
        link: Link = self._root
        while link is not None:
            node = self._node(link)
            index = bisect_left(node.keys, key)
            if index < len(node.keys) and node.keys[index] == key:
                return node.values[index]
            link = node.subtrees[index]
        return None

    def put(self, key: bytes, cid: bytes) -> None:
        """Insert a record, or replace the one at this path."""
        check_key(key)
        check_cid(cid)
        edit = Edit(self._load)
        self._root = edit.put(self._root, key, cid)
        self._superseded += edit.superseded

    def delete(self, key: bytes) -> None:
        """Remove a record; KeyError when there is none."""
        edit = Edit(self._load)
        self._root = edit.delete(self._root, key)
        self._superseded += edit.superseded

    def commit(self) -> bytes:
        """Encode the nodes that changed and return the root's CID."""
        sealed: dict[bytes, Node] = {}
        root_cid = self._seal(self._root, sealed)
        for cid in self._superseded:
            if self.new_blocks.pop(cid, None) is None:
                self._gone[cid] = None
        for cid, node in sealed.items():
            # A node made again exactly as it was never left: neither new nor gone.
            if cid in self._gone:
                del self._gone[cid]
            else:
                self.new_blocks[cid] = node.block
        self._own |= sealed
        self._superseded.clear()
        return root_cid

    def covering_proof(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The nodes on the way to each key and to its two neighbours, on the committed tree.

        With them alone a reader can undo the commit that touched these keys (`inversion`).
        """
        proof: dict[bytes, bytes] = {}
        for key in keys:
            below = self._trace(key, proof)
            if below is not None:
                self._descend(below[0], -1, proof)
                self._descend(below[1], 0, proof)
        return proof

    def path(self, key: bytes) -> dict[bytes, bytes]:
        """The nodes from the root to a key, or to the gap that shows there is none."""
        visited: dict[bytes, bytes] = {}
        self._trace(key, visited)
        return visited

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every (key, record CID), in order."""
        return self._items(self._root)

    def walk(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Every (node CID, its block) and (record CID, None), in the order CAR files are written.

        Pre-order: a node, then its gaps and records from left to right.
        """
        self._committed_root()
        return self._walk(self._root)

    def _load(self, cid: bytes) -> Node:
        node = self._cache.get(cid) or self._own.get(cid)
        if node is None:
            try:
                block = self._blocks[cid]
            except KeyError:
                raise MissingBlock(cid) from None
            node = decode(cid, block)
            self._cache[cid] = node
        return node

    def _node(self, link: bytes | Node) -> Node:
        return self._load(link) if isinstance(link, bytes) else link

    def _committed_root(self) -> bytes:
        if self._root.cid is None:
            raise MstError("the tree has changes that are not committed")
        return self._root.cid

    def _seal(self, node: Node, sealed: dict[bytes, Node]) -> bytes:
        if node.cid is not None:
            return node.cid
        node.subtrees = tuple(
            [
                self._seal(subtree, sealed) if isinstance(subtree, Node) else subtree
                for subtree in node.subtrees
            ]
        )
        cid = node.seal()
        sealed[cid] = self._cache[cid] = node
        return cid

    def _trace(self, key: bytes, visited: dict[bytes, bytes]) -> tuple[Link, Link] | None:
        """Visit the nodes on the way to a key; returns the gaps beside it, None when absent."""
        link: Link = self._committed_root()
        while link is not None:
            node = self._visit(link, visited)
            index = bisect_left(node.keys, key)
            if index < len(node.keys) and node.keys[index] == key:
                return node.subtrees[index], node.subtrees[index + 1]
            link = node.subtrees[index]
        return None

    def _descend(self, link: Link, side: int, visited: dict[bytes, bytes]) -> None:
        """Visit the nodes along one edge of a subtree: 0 for its left, -1 for its right."""
        while link is not None:
            link = self._visit(link, visited).subtrees[side]

    def _visit(self, link: bytes | Node, visited: dict[bytes, bytes]) -> Node:
        node = self._node(link)
        if node.cid is not None:
            visited[node.cid] = node.block
        return node

    def _items(self, node: Node) -> Iterator[tuple[bytes, bytes]]:
        for index, subtree in enumerate(node.subtrees):
            if index:
                yield node.keys[index - 1], node.values[index - 1]
            if subtree is not None:
                yield from self._items(self._node(subtree))

    def _walk(self, node: Node) -> Iterator[tuple[bytes, bytes | None]]:
        if node.cid is not None:
            yield node.cid, node.block
        for index, subtree in enumerate(node.subtrees):
            if index:
                yield node.values[index - 1], None
            if subtree is not None:
                yield from self._walk(self._node(subtree))
