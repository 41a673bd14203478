"""The tree against a dict: content, roots, and exactly which nodes came and went."""

import pytest
from hypothesis import given, settings

from protocol.mst import MissingBlock, MstError, NodeCache, Tree, build, decode_strict, key_depth
from tests.unit.protocol.mst import samples
from tests.unit.protocol.mst.samples import KEYS, Change, Records, apply, record_cid, tree_of

ALL = {key: record_cid(number) for number, key in enumerate(KEYS)}
HIGH_KEY = max(KEYS, key=key_depth)
ABSENT = b"com.example.record/absent"


@given(samples.records, samples.histories)
@settings(max_examples=60, deadline=None)
def test_tree_holds_what_a_dict_holds(start: Records, history: list[list[Change]]) -> None:
    model = dict(start)
    tree = Tree(*tree_of(start))
    for changes in history:
        apply(tree, model, changes)
        assert list(tree.items()) == sorted(model.items())
        assert all(tree.get(key) == model.get(key) for key, _ in changes)


@given(samples.records, samples.histories)
@settings(max_examples=60, deadline=None)
def test_same_content_has_the_same_root_whatever_the_history(
    start: Records, history: list[list[Change]]
) -> None:
    model = dict(start)
    tree = Tree(*tree_of(start))
    for changes in history:
        apply(tree, model, changes)
        assert tree.commit() == tree_of(model)[0]


@given(samples.records, samples.histories)
@settings(max_examples=60, deadline=None)
def test_old_nodes_less_gone_plus_new_are_the_nodes_of_the_tree(
    start: Records, history: list[list[Change]]
) -> None:
    model = dict(start)
    root, store = tree_of(start)
    for changes in history:
        tree = Tree(root, store)
        apply(tree, model, changes)
        root = tree.commit()
        assert set(tree.gone) <= store.keys()
        assert not tree.new_blocks.keys() & store.keys()
        store = {cid: block for cid, block in store.items() if cid not in tree.gone}
        store |= tree.new_blocks
        assert store == tree_of(model)[1]


@given(samples.records, samples.histories)
@settings(max_examples=40, deadline=None)
def test_new_and_gone_stay_exact_over_several_commits_of_one_tree(
    start: Records, history: list[list[Change]]
) -> None:
    model = dict(start)
    root, old = tree_of(start)
    tree = Tree(root, old)
    for changes in history:
        apply(tree, model, changes)
        tree.commit()
        kept = {cid: block for cid, block in old.items() if cid not in tree.gone}
        assert not tree.new_blocks.keys() & old.keys()
        assert kept | tree.new_blocks == tree_of(model)[1]


@given(samples.records, samples.histories)
@settings(max_examples=40, deadline=None)
def test_nodes_in_a_shared_cache_never_change(start: Records, history: list[list[Change]]) -> None:
    cache = NodeCache(10_000)
    model = dict(start)
    root, blocks = tree_of(start)
    for changes in history:
        tree = Tree(root, blocks, cache)
        apply(tree, model, changes)
        root = tree.commit()
        blocks = blocks | tree.new_blocks
    for cid, node in cache.items():
        fresh = decode_strict(cid, node.block)
        assert (node.cid, node.keys, node.values) == (cid, fresh.keys, fresh.values)
        assert node.subtrees == fresh.subtrees


def test_new_tree_commits_to_the_empty_root() -> None:
    tree = Tree(None, {})
    root, blocks = build([])
    assert tree.commit() == root
    assert tree.new_blocks == blocks
    assert tree.gone == []


def test_commit_without_changes_makes_nothing() -> None:
    root, blocks = tree_of(ALL)
    tree = Tree(root, blocks)
    assert tree.commit() == root
    assert (tree.new_blocks, tree.gone) == ({}, [])


def test_record_put_and_taken_away_again_leaves_no_trace() -> None:
    root, blocks = tree_of(ALL)
    tree = Tree(root, blocks)
    tree.put(ABSENT, record_cid(1))
    tree.delete(ABSENT)
    assert tree.commit() == root
    assert (tree.new_blocks, tree.gone) == ({}, [])


def test_emptied_tree_has_the_empty_root_and_all_its_nodes_gone() -> None:
    root, blocks = tree_of(ALL)
    tree = Tree(root, blocks)
    for key in ALL:
        tree.delete(key)
    assert tree.commit() == build([])[0]
    assert set(tree.gone) == blocks.keys()


def test_removing_the_highest_key_lowers_the_root() -> None:
    root, blocks = tree_of(ALL)
    tree = Tree(root, blocks)
    tree.delete(HIGH_KEY)
    remaining = {key: cid for key, cid in ALL.items() if key != HIGH_KEY}
    assert tree.commit() == tree_of(remaining)[0]


@pytest.mark.parametrize("records", [{}, ALL])
def test_removing_an_absent_record_is_a_key_error(records: Records) -> None:
    tree = Tree(*tree_of(records))
    with pytest.raises(KeyError, match="absent"):
        tree.delete(ABSENT)
    assert list(tree.items()) == sorted(records.items())


@pytest.mark.parametrize(
    ("key", "cid"), [(b"no-slash", record_cid(1)), (ABSENT, b"short"), (ABSENT, b"\x01" * 36)]
)
def test_what_is_no_path_or_no_cid_is_not_put(key: bytes, cid: bytes) -> None:
    with pytest.raises(MstError):
        Tree(None, {}).put(key, cid)


def test_missing_root_is_named() -> None:
    with pytest.raises(MissingBlock) as caught:
        Tree(record_cid(7), {})
    assert caught.value.cid == record_cid(7)


def test_small_cache_that_forgets_does_not_lose_new_nodes() -> None:
    tree = Tree(None, {}, NodeCache(2))
    for key, cid in ALL.items():
        tree.put(key, cid)
        tree.commit()
    assert list(tree.items()) == sorted(ALL.items())
    assert tree.new_blocks == tree_of(ALL)[1]


def test_warm_cache_asks_the_store_for_nothing() -> None:
    root, blocks = tree_of(ALL)
    cache = NodeCache(10_000)
    list(Tree(root, blocks, cache).walk())
    tree = Tree(root, {}, cache)
    tree.put(ABSENT, record_cid(1))
    assert tree.commit() == tree_of({**ALL, ABSENT: record_cid(1)})[0]


def test_walk_gives_every_node_and_record_in_reading_order() -> None:
    root, blocks = tree_of(ALL)
    steps = list(Tree(root, blocks).walk())
    assert steps[0] == (root, blocks[root])
    assert [cid for cid, block in steps if block is None] == [ALL[key] for key in sorted(ALL)]
    assert {cid: block for cid, block in steps if block is not None} == blocks


@pytest.mark.parametrize("verb", ["covering_proof", "path"])
def test_proofs_are_for_committed_trees(verb: str) -> None:
    tree = Tree(None, {})
    tree.put(ABSENT, record_cid(1))
    with pytest.raises(MstError, match="committed"):
        getattr(tree, verb)([ABSENT] if verb == "covering_proof" else ABSENT)


@given(samples.records, samples.keys)
@settings(max_examples=60, deadline=None)
def test_path_alone_shows_presence_and_absence(start: Records, key: bytes) -> None:
    root, blocks = tree_of(start)
    path = Tree(root, blocks).path(key)
    assert Tree(root, path).get(key) == start.get(key)
    assert path.keys() <= blocks.keys()


@given(samples.records, samples.keys)
@settings(max_examples=60, deadline=None)
def test_covering_proof_is_the_ways_to_a_key_and_its_neighbours(start: Records, key: bytes) -> None:
    tree = Tree(*tree_of(start))
    below = max((other for other in start if other < key), default=None)
    above = min((other for other in start if other > key), default=None)
    ways: dict[bytes, bytes] = {}
    for towards in (key, below, above):
        if towards is not None:
            ways |= tree.path(towards)
    assert tree.covering_proof([key]) == ways
