"""Single edits: the old nodes stay as they are, and an edit that fails leaves nothing behind."""

import pytest
from hypothesis import given, settings

from protocol.mst import MissingBlock, Node, Tree, key_depth
from protocol.mst.edit import Edit
from protocol.mst.node import decode
from tests.unit.protocol.mst import samples
from tests.unit.protocol.mst.samples import KEYS, Records, record_cid, tree_of

ALL = {key: record_cid(number) for number, key in enumerate(KEYS)}
HIGH_KEY = max(KEYS, key=key_depth)


class Store:
    """Nodes decoded once, so that a test can see whether an edit touched them."""

    def __init__(self, records: Records) -> None:
        root, blocks = tree_of(records)
        self.nodes = {cid: decode(cid, block) for cid, block in blocks.items()}
        self.root = self.nodes[root]

    def load(self, cid: bytes) -> Node:
        return self.nodes[cid]

    def is_untouched(self) -> bool:
        return all(
            (node.keys, node.values, node.subtrees)
            == ((fresh := decode(cid, node.block)).keys, fresh.values, fresh.subtrees)
            for cid, node in self.nodes.items()
        )


@given(samples.records, samples.keys)
@settings(max_examples=60, deadline=None)
def test_putting_changes_no_old_node(records: Records, key: bytes) -> None:
    store = Store(records)
    edit = Edit(store.load)
    assert edit.put(store.root, key, record_cid(99)) is not store.root
    assert store.is_untouched()
    assert set(edit.superseded) <= store.nodes.keys()


@pytest.mark.parametrize("key", KEYS[::20])
def test_removing_changes_no_old_node(key: bytes) -> None:
    store = Store(ALL)
    edit = Edit(store.load)
    assert edit.delete(store.root, key) is not store.root
    assert store.is_untouched()
    assert store.root.cid in edit.superseded


def test_no_node_is_superseded_twice() -> None:
    store = Store(ALL)
    edit = Edit(store.load)
    edit.delete(store.root, HIGH_KEY)
    assert len(set(edit.superseded)) == len(edit.superseded)


def test_key_above_the_root_becomes_the_root_and_skips_no_layer() -> None:
    low = min(KEYS, key=key_depth)
    store = Store({low: record_cid(1)})
    root = Edit(store.load).put(store.root, HIGH_KEY, record_cid(2))
    layers = 0
    node: object = root.subtrees[0] or root.subtrees[1]
    while isinstance(node, Node) and not node.keys:
        node, layers = node.subtrees[0], layers + 1
    assert root.keys == (HIGH_KEY,)
    assert layers == key_depth(HIGH_KEY) - 1


def test_removal_that_misses_a_block_half_way_leaves_the_tree_as_it_was() -> None:
    root, blocks = tree_of(ALL)
    failures = 0
    for key in ALL:
        tree = Tree(root, Tree(root, blocks).path(key))  # the way there, not what must be merged
        try:
            tree.delete(key)
        except MissingBlock:
            failures += 1
            assert tree.commit() == root
            assert (tree.new_blocks, tree.gone) == ({}, [])
    assert failures > 10


def test_insertion_that_misses_a_block_leaves_the_tree_as_it_was() -> None:
    records = {key: cid for key, cid in ALL.items() if key != HIGH_KEY}
    root, blocks = tree_of(records)
    tree = Tree(root, {root: blocks[root]})
    with pytest.raises(MissingBlock):
        tree.put(HIGH_KEY, record_cid(1))
    assert tree.commit() == root
    assert (tree.new_blocks, tree.gone) == ({}, [])
