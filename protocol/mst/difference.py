"""The difference between a tree of ours and an untrusted one, without reading what is equal.

Source: atproto.com/specs/repository, "MST Structure". Two trees are walked side by side from left
to right; a subtree that both have at the same place is passed over closed, so the cost follows the
changes and not the size, and the other side may leave out what we have. Memory is one path of each
tree. What the untrusted tree says is checked as in `verify`: each opened node byte by byte, its
layers, and the order of the keys over the whole tree.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from protocol.mst.node import MissingBlock, MstError, Node, decode, decode_strict, key_depth


class Change(NamedTuple):
    """One path that the trees disagree about: its record CIDs, None where there is none."""

    key: bytes
    old: bytes | None
    new: bytes | None


class _Leaf(NamedTuple):
    key: bytes
    cid: bytes
    layer: int


class _Subtree(NamedTuple):
    cid: bytes
    layer: int


class Difference:
    """The way from one tree to another.

    `old_blocks` are trusted (our own store), `new_blocks` are untrusted, to be completed by
    whoever calls with what we have. Follow `changes()` to its end first; then `new_nodes` are the
    CIDs of nodes that only the new tree has, and `gone_nodes` of those that only the old one had.
    """

    def __init__(
        self,
        old_root: bytes,
        old_blocks: Mapping[bytes, bytes],
        new_root: bytes,
        new_blocks: Mapping[bytes, bytes],
    ) -> None:
        self._is_same = old_root == new_root
        self._old_root, self._new_root = old_root, new_root
        self._old = _Walk(old_blocks)
        self._new = _StrictWalk(new_blocks, self._old)

    @property
    def new_nodes(self) -> list[bytes]:
        return [cid for cid in self._new.opened if cid not in self._old.opened]

    @property
    def gone_nodes(self) -> list[bytes]:
        return [cid for cid in self._old.opened if cid not in self._new.opened]

    def changes(self) -> Iterator[Change]:
        """Every path that differs, in order. Raises MstError for a tree that we would not have
        written, MissingBlock for a node that neither side has."""
        if self._is_same:
            return
        old, new = self._old, self._new
        old.open_root(self._old_root)
        new.open_root(self._new_root)
        while old.head is not None:
            change = self._step(old.head, new.head)
            if change is not None:
                yield change
        yield from new.rest()

    def _step(
        self, old: "_Leaf | _Subtree | None", new: "_Leaf | _Subtree | None"
    ) -> Change | None:
        """Pass, open or compare what is next on both sides."""
        if isinstance(new, _Subtree):
            if old == new:
                self._old.skip()
                self._new.pass_over(new)
            elif isinstance(old, _Subtree) and old.layer > new.layer:
                self._old.open(old)
            else:
                self._new.open(new)
            return None
        if isinstance(old, _Subtree):
            self._old.open(old)
            return None
        return self._compare(old, new)

    def _compare(self, old: _Leaf | None, new: _Leaf | None) -> Change | None:
        is_old = old is not None and (new is None or old.key <= new.key)
        is_new = new is not None and (old is None or new.key <= old.key)
        if is_new:
            self._new.take(new, is_known=is_old)
        if is_old:
            self._old.skip()
        before = old.cid if is_old and old else None
        after = new.cid if is_new and new else None
        key = old.key if is_old and old else new.key if new else b""
        return None if before == after else Change(key, before, after)


class _Walk:
    """A tree of ours from left to right: `head` is the next record, or a subtree still closed."""

    def __init__(self, blocks: Mapping[bytes, bytes]) -> None:
        self._blocks = blocks
        self._ahead: list[_Leaf | _Subtree] = []  # the nearest last
        self.opened: dict[bytes, None] = {}
        self.head: _Leaf | _Subtree | None = None

    def open_root(self, cid: bytes) -> None:
        """Begin; the first key of the root tells its layer."""
        root = self._read(cid)
        self.opened[cid] = None
        if root.keys:
            self._put_ahead(root, key_depth(root.keys[0]))
        elif root.subtrees[0] is not None:
            raise MstError("the root has no keys though the tree is not empty")
        self.skip()

    def open(self, subtree: _Subtree) -> None:
        """Go into the subtree that is next."""
        self._put_ahead(self._opened(subtree), subtree.layer)
        self.skip()

    def skip(self) -> None:
        """Leave behind what was next."""
        self.head = self._ahead.pop() if self._ahead else None

    def last_key(self, cid: bytes) -> bytes:
        """The last key of a whole subtree."""
        node = self._read(cid)
        while isinstance(below := node.subtrees[-1], bytes):
            node = self._read(below)
        return node.keys[-1]

    def _put_ahead(self, node: Node, layer: int) -> None:
        for index in range(len(node.keys), -1, -1):
            subtree = node.subtrees[index]
            if isinstance(subtree, bytes):
                self._ahead.append(_below(layer, subtree))
            if index:
                self._ahead.append(_Leaf(node.keys[index - 1], node.values[index - 1], layer))

    def _opened(self, subtree: _Subtree) -> Node:
        node = self._read(subtree.cid)
        self.opened[subtree.cid] = None
        if not node.keys and node.subtrees[0] is None:
            raise MstError("an empty node under the root")
        return node

    def _read(self, cid: bytes) -> Node:
        return decode(cid, self._block(cid))

    def _block(self, cid: bytes) -> bytes:
        try:
            return self._blocks[cid]
        except KeyError:
            raise MissingBlock(cid) from None


class _StrictWalk(_Walk):
    """An untrusted tree: each node checked when it is opened, each key when it is taken."""

    def __init__(self, blocks: Mapping[bytes, bytes], ours: _Walk) -> None:
        super().__init__(blocks)
        self._ours = ours
        self._previous = b""
        self._passed: bytes | None = None  # the subtree passed over since the last key

    def pass_over(self, subtree: _Subtree) -> None:
        """Skip a subtree that stands in our tree at this very place.

        The keys taken so far come before it: each was met by a key of ours that does, or it would
        have made the walk open the subtree. What follows is checked against its last key.
        """
        self._passed = subtree.cid
        self.skip()

    def take(self, leaf: _Leaf | None, *, is_known: bool) -> None:
        """Accept the next key; one that is next in our tree as well needs no look at the order."""
        if leaf is None:
            return
        if not is_known:
            self._follow_passed()
        self._passed = None
        self._check_place(leaf.key, leaf.layer)
        self.skip()

    def rest(self) -> Iterator[Change]:
        """Accept all that is left: our tree has come to its end.

        Most imports are this alone, so it compares nothing and makes no leaves.
        """
        self._follow_passed()
        while (ahead := self.head) is not None:
            if isinstance(ahead, _Subtree):
                yield from self._all_under(ahead)
            else:
                self._check_place(ahead.key, ahead.layer)
                yield Change(ahead.key, None, ahead.cid)
            self.skip()

    def _all_under(self, subtree: _Subtree) -> Iterator[Change]:
        node, layer = self._opened(subtree), subtree.layer
        gaps = iter(node.subtrees)
        if isinstance(gap := next(gaps), bytes):
            yield from self._all_under(_below(layer, gap))
        for key, cid, gap in zip(node.keys, node.values, gaps, strict=True):
            self._check_place(key, layer)
            yield Change(key, None, cid)
            if isinstance(gap, bytes):
                yield from self._all_under(_below(layer, gap))

    def _follow_passed(self) -> None:
        """What comes next must come after the subtree that was passed over last."""
        if self._passed is not None:
            self._previous = max(self._previous, self._ours.last_key(self._passed))
            self._passed = None

    def _check_place(self, key: bytes, layer: int) -> None:
        if key <= self._previous:
            raise MstError(f"key out of order: {key!r}")
        if key_depth(key) != layer:
            raise MstError(f"key on layer {layer} where it has no place: {key!r}")
        self._previous = key

    def _read(self, cid: bytes) -> Node:
        return decode_strict(cid, self._block(cid))


def _below(layer: int, cid: bytes) -> _Subtree:
    if layer == 0:
        raise MstError("a node on layer 0 has a subtree")
    return _Subtree(cid, layer - 1)
