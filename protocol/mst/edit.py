"""Edits of a tree: one insertion or removal, copy-on-write; drafts take the place of old nodes.

Source: atproto.com/specs/repository, "MST Structure". A key of depth D lives on layer D and nowhere
else, so an insertion may split every node below it in two, and a removal joins them again.
"""

from bisect import bisect_left
from collections.abc import Callable

from protocol.mst.node import Link, Node, key_depth

Load = Callable[[bytes], Node]


class Edit:
    """A change to one key. `superseded` collects the sealed nodes that drafts took the place of.

    An edit that fails leaves nothing behind: its drafts and its `superseded` are thrown away.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self.superseded: list[bytes] = []

    def put(self, root: Node, key: bytes, cid: bytes) -> Node:
        """The root after `key` is inserted or its record replaced."""
        depth = key_depth(key)
        height = self._height(root)
        if height < 0:
            self._supersede(root)
            return Node((key,), (cid,), (None, None))
        if depth <= height:
            return self._insert(root, height, key, cid, depth)
        left, right = self._split(root, key)
        gap = depth - 1 - height
        return Node((key,), (cid,), (_raised(left, gap), _raised(right, gap)))

    def delete(self, root: Node, key: bytes) -> Node:
        """The root after `key` is removed; KeyError when it is not there."""
        top = self._remove(root, key)
        while top is not None and not top.keys:
            self._supersede(top)
            top = self._follow(top.subtrees[0])
        return top if top is not None else Node((), (), (None,))

    def _follow(self, link: Link) -> Node | None:
        return self._load(link) if isinstance(link, bytes) else link

    def _supersede(self, node: Node) -> None:
        if node.cid is not None:
            self.superseded.append(node.cid)

    def _height(self, root: Node) -> int:
        """The root's layer, -1 for the empty tree."""
        # Only a malformed tree has a root without keys above others; counting down is cheap.
        node: Node | None = root
        below = 0
        while node is not None:
            if node.keys:
                return below + key_depth(node.keys[0])
            node = self._follow(node.subtrees[0])
            below += 1
        return -1

    def _insert(self, node: Node, layer: int, key: bytes, cid: bytes, depth: int) -> Node:
        keys, values, subtrees = node.keys, node.values, node.subtrees
        index = bisect_left(keys, key)
        if index < len(keys) and keys[index] == key:
            draft = Node(keys, (*values[:index], cid, *values[index + 1 :]), subtrees)
        else:
            child = self._follow(subtrees[index])
            if layer == depth:
                left, right = self._split(child, key) if child is not None else (None, None)
                draft = Node(
                    (*keys[:index], key, *keys[index:]),
                    (*values[:index], cid, *values[index:]),
                    (*subtrees[:index], left, right, *subtrees[index + 1 :]),
                )
            elif child is None:
                leaf = _raised(Node((key,), (cid,), (None, None)), layer - 1 - depth)
                draft = node.with_gap(index, leaf)
            else:
                draft = node.with_gap(index, self._insert(child, layer - 1, key, cid, depth))
        self._supersede(node)
        return draft

    def _split(self, node: Node, key: bytes) -> tuple[Node | None, Node | None]:
        """The parts of a node before and after a key that is not in it; None for an empty part."""
        index = bisect_left(node.keys, key)
        middle = self._follow(node.subtrees[index])
        left, right = self._split(middle, key) if middle is not None else (None, None)
        if index == len(node.keys) and right is None:
            return node, None
        if index == 0 and left is None:
            return None, node
        self._supersede(node)
        lower = Node(node.keys[:index], node.values[:index], (*node.subtrees[:index], left))
        upper = Node(node.keys[index:], node.values[index:], (right, *node.subtrees[index + 1 :]))
        return _unless_empty(lower), _unless_empty(upper)

    def _remove(self, node: Node, key: bytes) -> Node | None:
        keys, values, subtrees = node.keys, node.values, node.subtrees
        index = bisect_left(keys, key)
        if index < len(keys) and keys[index] == key:
            joined = self._merge(subtrees[index], subtrees[index + 1])
            draft = Node(
                (*keys[:index], *keys[index + 1 :]),
                (*values[:index], *values[index + 1 :]),
                (*subtrees[:index], joined, *subtrees[index + 2 :]),
            )
        else:
            child = self._follow(subtrees[index])
            if child is None:
                raise KeyError(key)
            draft = node.with_gap(index, self._remove(child, key))
        self._supersede(node)
        return _unless_empty(draft)

    def _merge(self, left_link: Link, right_link: Link) -> Link:
        """Two neighbours on one layer as one node, their facing gaps merged in turn."""
        left, right = self._follow(left_link), self._follow(right_link)
        if left is None or right is None:
            return left_link or right_link
        joined = self._merge(left.subtrees[-1], right.subtrees[0])
        self._supersede(left)
        self._supersede(right)
        return Node(
            left.keys + right.keys,
            left.values + right.values,
            (*left.subtrees[:-1], joined, *right.subtrees[1:]),
        )


def _raised(node: Node | None, layers: int) -> Node | None:
    """The node under as many nodes without keys as it takes to skip no layer."""
    if node is not None:
        for _ in range(layers):
            node = Node((), (), (node,))
    return node


def _unless_empty(node: Node) -> Node | None:
    return node if node.keys or node.subtrees[0] is not None else None
