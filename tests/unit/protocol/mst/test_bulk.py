"""Trees from sorted records, in one pass."""

import pytest
from hypothesis import given, settings

from protocol.mst import MstError, Tree, build
from tests.unit.protocol.mst import samples
from tests.unit.protocol.mst.samples import Records, record_cid


@given(samples.records)
@settings(max_examples=80, deadline=None)
def test_one_pass_gives_the_tree_that_single_edits_give(records: Records) -> None:
    tree = Tree(None, {})
    for key, cid in records.items():
        tree.put(key, cid)
    root = tree.commit()
    assert build(sorted(records.items())) == (root, tree.new_blocks)


def test_no_records_give_the_empty_node() -> None:
    root, blocks = build([])
    assert blocks == {root: bytes.fromhex("a2616580616cf6")}


@pytest.mark.parametrize("keys", [[b"a/2", b"a/1"], [b"a/1", b"a/1"], [b"no-slash"]])
def test_keys_must_be_paths_and_ascend(keys: list[bytes]) -> None:
    with pytest.raises(MstError):
        build([(key, record_cid(1)) for key in keys])


def test_records_must_be_cids() -> None:
    with pytest.raises(MstError):
        build([(b"a/1", b"not a cid")])
