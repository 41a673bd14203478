"""Inversion of a commit inside the slice of the tree that came with it: every relay's check.

Source: atproto.com/specs/sync, "Commit Validation: MST Operation Inversion". The record operations
of a commit, taken back one by one, must lead to the root its predecessor signed (`prevData`); and
the covering proof in `blocks` must be all it takes.
"""

from collections.abc import Mapping, Sequence

from protocol.event_stream.frames import RepoOp
from protocol.mst import MstError, Tree, partial


class InversionError(MstError):
    """The operations do not describe the tree that was sent with them."""


def invert(blocks: Mapping[bytes, bytes], root: bytes, ops: Sequence[RepoOp]) -> bytes:
    """The root CID before `ops`, computed from the tree slice after them.

    Every block is checked (see `mst.partial`). Raises InversionError when an op contradicts the
    tree, MstError for a malformed node, MissingBlock when the slice does not cover the ops.
    At most one op a path: folding several into one is the writer's part.
    """
    tree = Tree(root, {}, cache=partial(root, blocks))
    for op in reversed(ops):
        _undo(tree, op)
    return tree.commit()


def _undo(tree: Tree, op: RepoOp) -> None:
    key = op.path.encode()
    if tree.get(key) != op.cid:
        raise InversionError(f"the tree does not hold what the {op.action} of {op.path} left there")
    if op.prev is None:
        tree.delete(key)
    else:
        tree.put(key, op.prev)
