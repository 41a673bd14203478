"""Every commit we make can be undone from its own slice, and a false one cannot."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from protocol.event_stream.frames import RepoOp
from protocol.mst import MissingBlock, MstError, Tree
from protocol.repo.inversion import InversionError, invert
from tests.unit.protocol.mst import samples
from tests.unit.protocol.mst.samples import KEYS, Change, Records, record_cid, tree_of

ALL = {key: record_cid(number) for number, key in enumerate(KEYS)}
NEW = b"com.example.record/new"


def ops_of(records: Records, changes: list[Change]) -> list[RepoOp]:
    """The last change of each key as an op, those that change nothing left out."""
    ops = []
    for key, record in dict(changes).items():
        before, path = records.get(key), key.decode()
        if record == before:
            continue
        if record is None:
            ops.append(RepoOp("delete", path, None, before))
        else:
            ops.append(RepoOp("update" if before else "create", path, record, before))
    return ops


def commit(records: Records, ops: Sequence[RepoOp]) -> tuple[bytes, dict[bytes, bytes]]:
    """The root after the ops, and the covering proof that goes with the commit."""
    tree = Tree(*tree_of(records))
    for op in ops:
        key = op.path.encode()
        if op.cid is None:
            tree.delete(key)
        else:
            tree.put(key, op.cid)
    root = tree.commit()
    return root, tree.covering_proof(op.path.encode() for op in ops)


@pytest.mark.long
@given(samples.records, samples.changes)
@settings(max_examples=300, deadline=None)
def test_covering_proof_alone_undoes_any_batch(records: Records, changes: list[Change]) -> None:
    ops = ops_of(records, changes)
    if ops:
        root, proof = commit(records, ops)
        assert invert(proof, root, ops) == tree_of(records)[0]


@given(samples.records, samples.changes)
@settings(max_examples=100, deadline=None)
def test_order_of_the_ops_does_not_matter(records: Records, changes: list[Change]) -> None:
    ops = ops_of(records, changes)
    if ops:
        root, proof = commit(records, ops)
        ordered = sorted(ops, key=lambda op: op.path)
        assert invert(proof, root, ordered) == tree_of(records)[0]


@pytest.mark.parametrize("key", KEYS[::7])
def test_single_ops_on_a_full_tree_undo(key: bytes) -> None:
    for changes in ([(key, None)], [(key, record_cid(999_999))]):
        ops = ops_of(ALL, changes)
        root, proof = commit(ALL, ops)
        assert invert(proof, root, ops) == tree_of(ALL)[0]


def test_first_commit_undoes_to_the_empty_tree() -> None:
    ops = ops_of({}, [(KEYS[0], record_cid(1)), (KEYS[1], record_cid(2))])
    root, proof = commit({}, ops)
    assert invert(proof, root, ops) == tree_of({})[0]


def test_removing_the_last_record_undoes() -> None:
    records = {KEYS[0]: record_cid(1)}
    ops = ops_of(records, [(KEYS[0], None)])
    root, proof = commit(records, ops)
    assert invert(proof, root, ops) == tree_of(records)[0]


def test_commit_without_ops_undoes_to_itself() -> None:
    root, blocks = tree_of(ALL)
    assert invert({root: blocks[root]}, root, []) == root


def test_false_prev_leads_to_another_root() -> None:
    ops = ops_of(ALL, [(KEYS[0], None)])
    root, proof = commit(ALL, ops)
    lie = RepoOp("delete", KEYS[0].decode(), None, record_cid(77))
    assert invert(proof, root, [lie]) != tree_of(ALL)[0]


@pytest.mark.parametrize(
    "lie",
    [
        RepoOp("create", NEW.decode(), record_cid(2)),
        RepoOp("update", NEW.decode(), record_cid(2), record_cid(3)),
        RepoOp("delete", NEW.decode(), None, record_cid(1)),
        RepoOp("create", NEW.decode() + "er", record_cid(1)),
    ],
)
def test_op_that_the_tree_contradicts_is_refused(lie: RepoOp) -> None:
    root, proof = commit(ALL, [RepoOp("create", NEW.decode(), record_cid(1))])
    with pytest.raises(InversionError):
        invert(proof, root, [lie])


def test_slice_without_its_root_is_refused() -> None:
    with pytest.raises(MissingBlock):
        invert({}, record_cid(1), [])


def test_slice_that_covers_too_little_is_refused() -> None:
    op = RepoOp("create", NEW.decode(), record_cid(1))
    root, proof = commit(ALL, [op])
    with pytest.raises(MissingBlock):
        invert({root: proof[root]}, root, [op])


def test_block_under_a_false_cid_is_refused() -> None:
    op = RepoOp("create", NEW.decode(), record_cid(1))
    root, proof = commit(ALL, [op])
    for cid in proof:
        with pytest.raises(MstError, match="hash"):
            invert({**proof, cid: proof[cid] + b"\0"}, root, [op])


def test_path_that_cannot_be_a_key_is_refused() -> None:
    root, blocks = tree_of(ALL)
    with pytest.raises(MstError):
        invert(blocks, root, [RepoOp("delete", "é", None, record_cid(1))])
