"""The event of an import: a #commit where the change fits into one, else a #sync.

Source: the lexicon com.atproto.sync.subscribeRepos. A #commit links to the head before; a #sync
says that the repo is another from here on, and consumers fetch it anew.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal

from protocol import car, syntax
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, EventKind, RepoOp
from protocol.mst import Tree
from protocol.mst.difference import Change
from repos.commits import plan
from repos.events import append
from repos.state.heads import Step


class Announcement:
    """Gathers an import's changes for as long as a #commit could carry them."""

    def __init__(self) -> None:
        self._ops: list[RepoOp] = []
        self._records: dict[bytes, bytes] = {}
        self._size_bytes = 0
        self._needs_sync = False

    def add(self, change: Change, block: bytes) -> None:
        """Note one change and the block of the new record (b"" for a deletion)."""
        if self._needs_sync:
            return
        if change.new is None and not syntax.is_nameable(*change.key.decode().split("/")):
            self._give_up()  # let in by an older import: no reader of a #commit takes such a path
            return
        self._size_bytes += len(block)
        self._ops.append(_op(change))
        if change.new is not None:
            self._records[change.new] = block
        if len(self._ops) > plan.MAX_WRITES or self._size_bytes > plan.MAX_EVENT_BLOCKS_BYTES:
            self._give_up()

    def _give_up(self) -> None:
        self._needs_sync = True
        self._ops, self._records = [], {}

    def event(
        self, step: Step, nodes: Mapping[bytes, bytes], new_nodes: Sequence[bytes]
    ) -> tuple[EventKind, Body]:
        """The event that tells of the step; `nodes` finds every node of the new tree by CID."""
        if not self._needs_sync:
            blocks = self._slice(step, nodes, new_nodes)
            if len(blocks) <= plan.MAX_EVENT_BLOCKS_BYTES:
                return EventKind.COMMIT, self._commit_body(step, blocks)
        return EventKind.SYNC, sync_body(step)

    def _slice(self, step: Step, nodes: Mapping[bytes, bytes], new_nodes: Sequence[bytes]) -> bytes:
        """The CAR of a #commit: commit, nodes that are new or prove what changed, new records."""
        proof = Tree(step.root, nodes).covering_proof(op.path.encode() for op in self._ops)
        proof |= {node_cid: nodes[node_cid] for node_cid in new_nodes}
        head = [(step.commit.cid, step.commit.block)]
        return car.write(step.commit.cid, chain(head, proof.items(), self._records.items()))

    def _commit_body(self, step: Step, blocks: bytes) -> Body:
        return frames.commit_body(
            repo=step.head.did,
            commit=step.commit.cid,
            rev=step.rev,
            since=step.head.rev,
            blocks=blocks,
            ops=self._ops,
            prev_data=step.head.data,
            time=append.time_text(),
        )


def sync_body(step: Step) -> Body:
    """`#sync`: where the repo stands, without saying how it came there."""
    blocks = car.write(step.commit.cid, [(step.commit.cid, step.commit.block)])
    did, time = step.head.did, append.time_text()
    return frames.sync_body(did=did, rev=step.rev, blocks=blocks, time=time)


def _op(change: Change) -> RepoOp:
    action: Literal["create", "update", "delete"] = "update"
    if change.old is None:
        action = "create"
    elif change.new is None:
        action = "delete"
    return RepoOp(action, change.key.decode(), change.new, change.old)
