"""What a consumer can verify of a firehose, event by event.

The frame, each block's CID, the commit's signature and fields, its place after the last commit that
was seen of the repo (rev, since, prevData), and that its operations, taken back inside the slice of
the tree that came with them, lead to prevData.
Source: atproto.com/specs/sync, "Commit Validation", "Commit Validation: MST Operation Inversion".
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from repos.maintenance.independent import blocks, cars, commits
from repos.maintenance.independent.blocks import Malformed
from repos.maintenance.independent.commits import Commit
from repos.maintenance.independent.events import Event, Op
from repos.maintenance.independent.trees import Insufficient, Leaf, Part, Walk, put_together

KeyOf = Callable[[str, bool], str | None]  # of a DID; True: asked anew
BLOCKS_MAX_BYTES: Final = 2_000_000
REPOS_MAX: Final = 100_000  # whose last commit is kept


class _Head(NamedTuple):
    rev: str
    data: bytes


class Verifier:
    """One stream's state. `key_of` gives an account's signing key as a did:key, None when its DID
    cannot be resolved."""

    def __init__(self, key_of: KeyOf) -> None:
        self._key_of = key_of
        self._heads: OrderedDict[str, _Head] = OrderedDict()
        self._seq = 0

    def faults_of(self, event: Event) -> list[str]:
        """What is wrong with the next event, as sentences."""
        faults = []
        if event.seq:
            if event.seq <= self._seq:
                faults.append(f"seq {event.seq} after {self._seq}")
            self._seq = event.seq
        if event.kind in {"#commit", "#sync"}:
            try:
                faults += self._faults_of_commit(event)
            except (Malformed, Insufficient) as fault:
                self._heads.pop(event.did, None)
                faults.append(str(fault))
        return faults

    def _faults_of_commit(self, event: Event) -> list[str]:
        if len(event.body["blocks"]) > BLOCKS_MAX_BYTES:
            raise Malformed(f"more than {BLOCKS_MAX_BYTES} bytes of blocks")
        root, slice_ = cars.read(event.body["blocks"])
        if root not in slice_:
            raise Malformed("the commit is not among its blocks")
        commit = commits.read(slice_[root])
        faults = self._faults_of_fields(event, commit)
        if event.kind == "#commit":
            if blocks.linked(event.body.get("commit")) != root:
                faults.append("the CAR's root is not the commit")
            faults += _faults_of_records(event.ops, slice_)
        faults += self._faults_of_order(event, commit)
        self._remember(event.did, _Head(commit.rev, commit.data))
        if event.kind == "#commit":
            faults += _faults_of_inversion(event, commit, slice_)
        return faults

    def _faults_of_fields(self, event: Event, commit: Commit) -> list[str]:
        faults = []
        if (commit.did, commit.rev) != (event.did, event.rev):
            faults.append("the commit says another DID or rev than the event")
        key = self._key_of(event.did, False)
        if key is None or not commits.is_signed(commit, key):
            key = self._key_of(event.did, True)  # it may be a new one
        if key is None:
            faults.append("the account's key could not be found")
        elif not commits.is_signed(commit, key):
            faults.append("the commit is not signed by the account's key")
        return faults

    def _faults_of_order(self, event: Event, commit: Commit) -> list[str]:
        known = self._heads.get(event.did)
        is_again = event.kind == "#sync" and known == _Head(commit.rev, commit.data)
        if known is None or is_again:
            return []
        faults = []
        if commit.rev <= known.rev:
            faults.append(f"rev {commit.rev} after {known.rev}")
        if event.kind == "#commit":
            if event.body.get("since") != known.rev:
                faults.append("since is not the rev of the commit before")
            if _prev_data(event) != known.data:
                faults.append("prevData is not the tree of the commit before")
        return faults

    def _remember(self, did: str, head: _Head) -> None:
        self._heads[did] = head
        self._heads.move_to_end(did)
        if len(self._heads) > REPOS_MAX:
            self._heads.popitem(last=False)


def undo(parts: Sequence[Part], ops: Sequence[Op]) -> list[Part]:
    """The parts of a tree before some operations. Raises Malformed when one of them contradicts the
    tree, Insufficient when the slice does not show where a record was."""
    before = list(parts)
    for op in reversed(ops):
        leaf = Leaf(op.path.encode(), op.cid or b"")
        if op.action == "delete":
            before.insert(_place_for(before, leaf.key), Leaf(leaf.key, _prev_of(op)))
            continue
        if leaf not in before:
            raise Malformed(f"the tree does not hold what the {op.action} of {op.path} left there")
        at = before.index(leaf)
        before[at : at + 1] = [] if op.action == "create" else [Leaf(leaf.key, _prev_of(op))]
    return before


def _place_for(parts: Sequence[Part], key: bytes) -> int:
    """Where a key that is not there would stand."""
    leaves = [at for at, part in enumerate(parts) if isinstance(part, Leaf)]
    nth = bisect_left(leaves, key, key=lambda at: parts[at][0])
    low = leaves[nth - 1] + 1 if nth else 0
    high = leaves[nth] if nth < len(leaves) else len(parts)
    if high < len(parts) and parts[high][0] == key:
        raise Malformed("the tree holds a record that was deleted")
    if low != high:
        raise Insufficient("the blocks do not show where a deleted record was")
    return low


def _prev_of(op: Op) -> bytes:
    if op.prev is None:
        raise Malformed(f"the {op.action} of {op.path} has no prev")
    return op.prev


def _prev_data(event: Event) -> bytes | None:
    value = event.body.get("prevData")
    return None if value is None else blocks.linked(value)


def _faults_of_records(ops: Sequence[Op], slice_: Mapping[bytes, bytes]) -> list[str]:
    faults = []
    for op in ops:
        if (op.cid is None) != (op.action == "delete"):
            faults.append(f"the {op.action} of {op.path} has the wrong cid")
        elif op.cid is not None:
            block = slice_.get(op.cid)
            if block is None:
                faults.append(f"the record {op.path} is not among the blocks")
            elif not isinstance(blocks.decode(block), dict):
                faults.append(f"the record {op.path} is not a map")
    return faults


def _faults_of_inversion(event: Event, commit: Commit, slice_: Mapping[bytes, bytes]) -> list[str]:
    """Nodes that are missing are the rest of the tree; anything else that is wrong is a fault."""
    faults: list[str] = []

    def note(what: str, where: str) -> None:
        if what != "missing block":
            faults.append(f"{what}: {where}")

    parts = Walk(slice_, note).take_apart(commit.data)
    if faults:
        return faults
    wanted = _prev_data(event)
    if wanted is None:
        if event.body.get("since") is not None:
            return ["there is no prevData"]
        wanted = put_together([])  # the first commit
    if put_together(undo(parts, event.ops)) != wanted:
        return ["the operations, taken back, do not lead to prevData"]
    return []
