"""Untrusted trees: whole ones for imports, parts of them for relays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.mst import MissingBlock, MstError, Node, Tree, build, key_depth, partial, verify
from tests.unit.protocol.mst import samples
from tests.unit.protocol.mst.samples import KEYS, Records, record_cid, tree_of

ALL = {key: record_cid(number) for number, key in enumerate(KEYS)}
LEAF = record_cid(0)
LOW = sorted(key for key in KEYS if key_depth(key) == 0)
MIDDLE = sorted(key for key in KEYS if key_depth(key) == 1)


class Forgery:
    """Nodes put together by hand, each sealed properly, the whole against the rules."""

    def __init__(self) -> None:
        self.blocks: dict[bytes, bytes] = {}

    def node(self, keys: list[bytes], subtrees: list[bytes | None]) -> bytes:
        node = Node(tuple(keys), (LEAF,) * len(keys), tuple(subtrees))
        cid = node.seal()
        self.blocks[cid] = node.block
        return cid


@given(samples.records)
@settings(max_examples=60, deadline=None)
def test_verify_gives_the_records_of_an_honest_tree(records: Records) -> None:
    assert verify(*tree_of(records)) == sorted(records.items())


def test_every_missing_node_is_noticed() -> None:
    root, blocks = tree_of(ALL)
    for cid in blocks:
        with pytest.raises(MissingBlock) as caught:
            verify(root, {other: block for other, block in blocks.items() if other != cid})
        assert caught.value.cid == cid


def test_block_under_the_wrong_cid_is_noticed() -> None:
    root, blocks = tree_of(ALL)
    first, second = list(blocks)[:2]
    with pytest.raises(MstError, match="hash"):
        verify(root, {**blocks, first: blocks[second]})


def test_keys_out_of_order_are_noticed() -> None:
    forgery = Forgery()
    root = forgery.node([LOW[1], LOW[0]], [None, None, None])
    with pytest.raises(MstError, match="order"):
        verify(root, forgery.blocks)


def test_subtree_on_the_wrong_side_is_noticed() -> None:
    forgery = Forgery()
    child = forgery.node([LOW[0]], [None, None])
    root = forgery.node([max(MIDDLE)], [None, child])
    with pytest.raises(MstError, match="order"):
        verify(root, forgery.blocks)


def test_keys_of_two_layers_in_one_node_are_noticed() -> None:
    forgery = Forgery()
    root = forgery.node(sorted([LOW[0], MIDDLE[-1]]), [None, None, None])
    with pytest.raises(MstError, match="layer"):
        verify(root, forgery.blocks)


def test_skipped_layer_is_noticed() -> None:
    forgery = Forgery()
    high = max(KEYS, key=key_depth)
    child = forgery.node([LOW[0]], [None, None])
    root = forgery.node([high], [child, None])
    with pytest.raises(MstError, match="layer"):
        verify(root, forgery.blocks)


def test_root_without_keys_is_noticed() -> None:
    forgery = Forgery()
    root = forgery.node([], [forgery.node([LOW[0]], [None, None])])
    with pytest.raises(MstError, match="root"):
        verify(root, forgery.blocks)


def test_empty_node_under_the_root_is_noticed() -> None:
    forgery = Forgery()
    root = forgery.node([MIDDLE[0]], [forgery.node([], [None]), None])
    with pytest.raises(MstError, match="empty"):
        verify(root, forgery.blocks)


def test_subtree_under_layer_zero_is_noticed() -> None:
    forgery = Forgery()
    root = forgery.node([LOW[0]], [None, forgery.node([], [None])])
    with pytest.raises(MstError, match="layer 0"):
        verify(root, forgery.blocks)


def test_node_that_many_gaps_lead_to_is_refused_before_it_is_read_again() -> None:
    forgery = Forgery()
    key = next(key for key in KEYS if key_depth(key) == 2)
    shared = forgery.node([], [LEAF])  # without keys and its subtree not there: in order everywhere
    root = forgery.node([key], [shared, shared])
    with pytest.raises(MstError, match="twice"):
        partial(root, forgery.blocks)


def test_partial_takes_the_nodes_that_are_there() -> None:
    root, blocks = tree_of(ALL)
    path = Tree(root, blocks).path(LOW[0])
    assert partial(root, path).keys() == path.keys()


def test_partial_needs_the_root() -> None:
    root, _ = tree_of(ALL)
    with pytest.raises(MissingBlock):
        partial(root, {})


def test_partial_reads_no_further_than_the_tree() -> None:
    root, blocks = tree_of({LOW[0]: LEAF})
    _, stray = build([(LOW[1], LEAF)])
    assert partial(root, blocks | stray).keys() == {root}


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_mutated_trees_are_refused_and_never_crash(data: st.DataObject) -> None:
    root, blocks = tree_of(dict(list(ALL.items())[:60]))
    cid = data.draw(st.sampled_from(sorted(blocks)))
    block = bytearray(blocks[cid])
    block[data.draw(st.integers(0, len(block) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(MstError):
        verify(root, {**blocks, cid: bytes(block)})
