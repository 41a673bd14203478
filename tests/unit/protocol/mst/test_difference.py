from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, cid, mst
from protocol.mst import MissingBlock, MstError
from protocol.mst.difference import Change, Difference

Records = dict[bytes, bytes]

VALUES = [cid.of_dag_cbor(bytes([n])) for n in range(3)]
KEYS = [f"com.example.{'a' * (n % 3)}x/{n:03}".encode() for n in range(60)]
records = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))


def tree(items: Records) -> tuple[bytes, dict[bytes, bytes]]:
    return mst.build(sorted(items.items()))


def difference(old: Records, new: Records) -> Difference:
    """The new tree comes without the nodes that the old one has."""
    (old_root, ours), (new_root, theirs) = tree(old), tree(new)
    return Difference(old_root, ours, new_root, {**ours, **theirs})


def expected(old: Records, new: Records) -> list[Change]:
    keys = sorted(old.keys() | new.keys())
    changes = [Change(key, old.get(key), new.get(key)) for key in keys]
    return [change for change in changes if change.old != change.new]


@given(records, records)
@settings(max_examples=150, deadline=None)
def test_what_differs_is_found_in_order(old: Records, new: Records) -> None:
    assert list(difference(old, new).changes()) == expected(old, new)


@pytest.mark.long
@given(records, records)
@settings(max_examples=150, deadline=None)
def test_nodes_gone_and_new_make_one_tree_of_the_other(old: Records, new: Records) -> None:
    found = difference(old, new)
    list(found.changes())
    nodes = tree(old)[1].keys() - set(found.gone_nodes) | set(found.new_nodes)
    assert nodes == tree(new)[1].keys()


def test_equal_trees_are_not_read() -> None:
    root, _ = tree(dict.fromkeys(KEYS, VALUES[0]))
    assert list(Difference(root, {}, root, {}).changes()) == []


def test_a_small_change_reads_little_of_a_large_tree() -> None:
    old = {f"com.example.thing/{n:05}".encode(): VALUES[0] for n in range(5_000)}
    found = difference(old, {**old, b"com.example.thing/02500": VALUES[1]})
    assert len(list(found.changes())) == 1
    assert len(found.new_nodes) == len(found.gone_nodes) < 12


def test_a_node_that_nobody_has_is_named() -> None:
    new_root, nodes = tree(dict.fromkeys(KEYS, VALUES[0]))
    absent = next(each for each in nodes if each != new_root)
    del nodes[absent]
    old_root, ours = tree({})
    with pytest.raises(MissingBlock) as raised:
        list(Difference(old_root, ours, new_root, nodes).changes())
    assert raised.value.cid == absent


def changes(old: Records, root: mst.Node, *others: mst.Node) -> list[Change]:
    """The difference to a tree whose nodes were put together by hand."""
    old_root, ours = tree(old)
    sealed = {node.seal(): node.block for node in (*others, root)}
    root_cid = root.cid or b""
    return list(Difference(old_root, ours, root_cid, {**ours, **sealed}).changes())


def by_depth(depth: int) -> list[bytes]:
    keys = [f"a.b.c/{n:04}".encode() for n in range(400)]
    return [key for key in keys if mst.key_depth(key) == depth]


def leaf(*keys: bytes) -> mst.Node:
    return mst.Node(keys, (VALUES[0],) * len(keys), (None,) * (len(keys) + 1))


def test_keys_out_of_order_are_refused() -> None:
    first, second = by_depth(0)[:2]
    with pytest.raises(MstError, match="out of order"):
        changes({}, leaf(second, first))


def test_a_key_on_a_foreign_layer_is_refused() -> None:
    with pytest.raises(MstError, match="no place"):
        changes({}, leaf(by_depth(0)[0], by_depth(1)[-1]))


def test_an_empty_node_under_the_root_is_refused() -> None:
    empty = leaf()
    top = mst.Node((by_depth(1)[0],), (VALUES[0],), (empty.seal(), None))
    with pytest.raises(MstError, match="empty node"):
        changes({}, top, empty)


def test_a_root_without_keys_is_refused() -> None:
    below = leaf(by_depth(0)[0])
    with pytest.raises(MstError, match="root has no keys"):
        changes({}, mst.Node((), (), (below.seal(),)), below)


def test_a_subtree_of_ours_in_a_wrong_place_is_refused() -> None:
    """Our own subtree is passed over unread; what follows must still come after its last key."""
    middle, high = by_depth(1)[1], by_depth(1)[-1]
    before = next(key for key in by_depth(0) if key < middle)
    after = next(key for key in by_depth(0) if middle < key < high)
    ours = leaf(before, after)
    old = dict.fromkeys([before, after, high], VALUES[0])
    top = mst.Node((middle, high), (VALUES[0],) * 2, (ours.seal(), None, None))
    with pytest.raises(MstError, match="out of order"):
        changes(old, top, ours)


LINK = cbor.Link(VALUES[0])
FIELDS = st.sampled_from(
    [None, True, -1, 0, 1, 2**63 - 1, b"", b"a/b", b"a.b.c/0001", "text", [], {}, [LINK], LINK]
)


def accepts(read: Callable[[], object]) -> bool:
    try:
        read()
    except (MstError, MissingBlock):
        return False
    return True


@given(st.sampled_from([*"pkvtel", "new"]), st.integers(0, 2), FIELDS)
@settings(max_examples=200, deadline=None)
def test_any_field_may_lie_and_both_strict_readers_say_the_same(
    name: str, index: int, value: object
) -> None:
    node = cbor.decode(tree(dict.fromkeys(by_depth(0)[:3], VALUES[0]))[1].popitem()[1])
    part = node if name in "el" else node["e"][index]
    part[name] = value
    block = cbor.encode(node)
    root, (old_root, ours) = cid.of_dag_cbor(block), tree({})
    found = Difference(old_root, ours, root, {root: block})
    whole = accepts(lambda: mst.verify(root, {root: block}))
    assert accepts(lambda: list(found.changes())) == whole
