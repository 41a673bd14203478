"""The plan of a commit: the new tree, commit, event and rows of a batch of writes. No database.

Source: atproto.com/specs/repository and atproto.com/specs/sync, "Commit Event". A plan holds for
the one head it was made from; repos.commits.group_commit applies it only if that head still stands.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from protocol import car
from protocol.errors import InvalidRequest
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, RepoOp
from protocol.keys import SigningKey
from protocol.mst import Tree
from protocol.repo import commit
from repos.commits.writes import Action, Swap, Write
from repos.events import append
from repos.state.heads import Head

MAX_WRITES = 200  # lexicon com.atproto.sync.subscribeRepos#commit: at most 200 ops
MAX_EVENT_BLOCKS_BYTES = 2_000_000  # ... and blocks of at most 2,000,000 bytes


class InvalidSwap(InvalidRequest):
    """The commit or record is not the one that the caller believes to replace."""

    name = "InvalidSwap"


@dataclass(frozen=True, slots=True)
class Change:
    """One write as it turned out. `op` is None when the repo was as wished already, and when a
    later write of the batch is to the same record: the last one's op says what became of it."""

    write: Write
    op: RepoOp | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A commit that has not happened yet."""

    head: Head
    rev: str
    commit: commit.SignedCommit
    tree: Tree
    root: bytes
    changes: Sequence[Change]
    displaced: Sequence[RepoOp]  # deletes of records whose subject has a new one
    body: Body


def check_batch(writes: Sequence[Write]) -> None:
    """Refuse a batch that cannot be one commit, whatever the repo holds."""
    if len(writes) > MAX_WRITES:
        raise InvalidRequest(f"Too many writes. Max: {MAX_WRITES}")


def changes_of(tree: Tree, writes: Sequence[Write]) -> list[Change]:
    """What each write does to the tree as the writes before it leave it.

    Relays refuse events with two ops on one path, while clients edit a record by deleting and
    creating it in one batch: several writes to a record come to one op, from what was there before
    the batch to what is there after it. Raises InvalidSwap, InvalidRequest.
    """
    before: dict[str, bytes | None] = {}
    last: dict[str, Write] = {}
    for write in writes:
        path = write.path
        if path not in before:
            before[path] = current = tree.get(path.encode())
        else:
            current = last[path].cid
        _check(write, current)
        last[path] = write
    return [
        Change(write, _op(write, before[write.path]) if last[write.path] is write else None)
        for write in writes
    ]


def displaced_by(same_subject: Set[str], tree: Tree, changes: Sequence[Change]) -> list[RepoOp]:
    """Deletes of the records with the same subject, unless the batch says what becomes of them.

    They are read after the head: one that the tree lacks was made since, so the head has moved and
    this plan will not be applied. A full batch is not refused for deletes that nobody asked for:
    those that it has no room for wait until the next record about their subject.
    """
    named = {change.write.path for change in changes}
    room = MAX_WRITES - sum(change.op is not None for change in changes)
    found = [(path, tree.get(path.encode())) for path in sorted(same_subject - named)]
    return [RepoOp("delete", path, None, cid) for path, cid in found if cid is not None][:room]


def make(  # noqa: PLR0913 - a plan is made of exactly these
    head: Head,
    tree: Tree,
    *,
    changes: Sequence[Change],
    displaced: Sequence[RepoOp],
    rev: str,
    key: SigningKey,
) -> Plan:
    """Edit the tree, sign the commit, write the event. Raises InvalidRequest when it is too big."""
    ops = [*displaced, *(change.op for change in changes if change.op is not None)]
    for op in ops:
        _edit(tree, op)
    root = tree.commit()
    signed = commit.sign(head.did, rev, root, key)
    blocks = _slice(tree, signed, changes, [op.path.encode() for op in ops])
    if len(blocks) > MAX_EVENT_BLOCKS_BYTES:
        raise InvalidRequest("Too many writes. Max event size: 2MB")
    body = frames.commit_body(
        repo=head.did,
        commit=signed.cid,
        rev=rev,
        since=head.rev,
        blocks=blocks,
        ops=ops,
        prev_data=head.data,
        time=append.time_text(datetime.now(UTC)),
    )
    return Plan(head, rev, signed, tree, root, changes, displaced, body)


def _check(write: Write, current: bytes | None) -> None:
    if write.swap_record is not Swap.ANY and write.swap_record != current:
        raise InvalidSwap(f"Record was not as expected: {write.path}")
    if write.action is Action.CREATE and current is not None:
        raise InvalidRequest(f"Record already exists: {write.path}")
    if write.action in (Action.UPDATE, Action.DELETE) and current is None:
        raise InvalidRequest(f"Could not find record: {write.path}")


def _op(write: Write, before: bytes | None) -> RepoOp | None:
    if write.cid == before:  # also a discard of nothing
        return None
    if write.cid is None:
        return RepoOp("delete", write.path, None, before)
    return RepoOp("create" if before is None else "update", write.path, write.cid, before)


def _edit(tree: Tree, op: RepoOp) -> None:
    if op.cid is None:
        tree.delete(op.path.encode())
    else:
        tree.put(op.path.encode(), op.cid)


def _slice(
    tree: Tree, signed: commit.SignedCommit, changes: Sequence[Change], keys: list[bytes]
) -> bytes:
    """The CAR of the event: commit, new nodes and the covering proof, new record values."""
    nodes = tree.covering_proof(keys) | tree.new_blocks
    records = {
        change.write.cid: change.write.block
        for change in changes
        if change.op is not None and change.write.cid and change.write.block
    }
    return car.write(
        signed.cid, chain([(signed.cid, signed.block)], nodes.items(), records.items())
    )
