"""Staging of an import, before any transaction: rows, commit, event.

Source: the lexicon com.atproto.repo.importRepo; atproto.com/specs/repository. The imported tree is
compared with the one that stands, so a repeat costs nothing and a CAR may leave out what is here.
The new tree gets a commit of our own: the old host's signature means nothing under our key.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

from protocol import cbor, mst, syntax
from protocol.event_stream.frames import Body, EventKind
from protocol.mst.difference import Change, Difference
from protocol.repo.commit import Commit
from repos.blobs import blob_refs
from repos.commits import writes
from repos.imports.announcing import Announcement
from repos.imports.car_file import CarFile
from repos.imports.faults import Faults
from repos.imports.rows import Rows
from repos.models import Repo
from repos.state import heads, revs
from repos.state.heads import Head, Step
from server.database import connection

Progress = Callable[[int], None]

_PROGRESS_EVERY = 1_000
_LOOKED_UP_AT_ONCE = 100

_NODE = "SELECT data FROM node WHERE repo_id = %s AND cid = %b"
_RECORDS = "SELECT DISTINCT ON (cid) cid, data FROM record WHERE repo_id = %s AND cid = ANY (%b)"


class Nodes(dict[bytes, bytes]):
    """Nodes by CID, of a CAR first and then of a repo; nothing is kept in memory."""

    def __init__(self, *, car_file: CarFile | None = None, repo_id: int | None = None) -> None:
        super().__init__()
        self._car_file = car_file
        self._repo_id = repo_id

    def __missing__(self, node_cid: bytes) -> bytes:
        if self._car_file is not None and (received := self._car_file.get(node_cid)) is not None:
            return received
        found = self._repo_id and connection.row(_NODE, (self._repo_id, node_cid))
        if not found:
            raise KeyError(node_cid)
        block: bytes = found[0]
        return block


@dataclass(slots=True)
class Staged:
    """An import that has not happened yet; it holds for `step.head` alone. Close it."""

    step: Step
    rev: bytes  # the step's, as rows have it
    records: Rows
    nodes: Rows
    uses: Rows
    gone_paths: list[str] = field(default_factory=list)  # `collection/rkey`
    gone_nodes: list[bytes] = field(default_factory=list)
    record_change: int = 0  # how many more records than before
    event: tuple[EventKind, Body] | None = None

    def close(self) -> None:
        """Let go of the rows."""
        for rows in (self.records, self.nodes, self.uses):
            rows.close()


def stage(
    head: Head, car_file: CarFile, imported: Commit, progress: Progress, *, is_first: bool = False
) -> Staged:
    """Read a whole import against the repo as it stands; `progress` is told of records read.

    `is_first`: the repo is empty and the transaction that is open holds it. Then records are stored
    as they are read, and `progress` must not ask anything of the database.

    Raises RefusedRecords, MstError for a tree that is not canonical, and MissingBlock for a node
    that neither the CAR nor the repo has (or no longer: the head may have moved).
    """
    rev = revs.next_rev(revs.later(head.rev, imported.rev))
    staged = begin(heads.sign(head, imported.data, rev, head.signing_did_key))
    try:
        fill(staged, car_file, progress, is_first=is_first)
    except BaseException:
        staged.close()
        raise
    return staged


def begin(step: Step) -> Staged:
    """A step from one head to the next that changes nothing yet."""
    repo_id = step.head.id
    return Staged(
        step,
        step.rev.encode(),
        Rows(repo_id, "record", ("collection", "rkey", "cid", "rev", "subject", "data")),
        Rows(repo_id, "node", ("cid", "rev", "data")),
        Rows(repo_id, "blob_use", ("collection", "rkey", "cid", "rev")),
    )


def fill(staged: Staged, car_file: CarFile, progress: Progress, *, is_first: bool) -> None:
    """Read the CAR into a step that was begun; arguments and refusals as for `stage`."""
    head, announcement, faults = staged.step.head, Announcement(), Faults()
    if is_first:  # nothing is looked up: Postgres is busy with the records, and has no nodes
        _, stored = mst.build(())
        available = Nodes(car_file=car_file)
    else:
        stored = Nodes(repo_id=head.id)
        available = Nodes(car_file=car_file, repo_id=head.id)
    difference = Difference(head.data, stored, staged.step.root, available)
    absent = []
    with staged.records.sent_at_once() if is_first else nullcontext():
        for count, change in enumerate(difference.changes(), start=1):
            block = b"" if change.new is None else car_file.get(change.new)
            if block is None:
                absent.append(change)
                continue
            _take(staged, change, block, faults)
            announcement.add(change, block)
            if count % _PROGRESS_EVERY == 0:
                progress(count)
    for change, block in _found_here(absent, head.id, faults):
        _take(staged, change, block, faults)
        announcement.add(change, block)
    faults.refuse()
    new_nodes = difference.new_nodes
    for node_cid in new_nodes:
        staged.nodes.add(node_cid, staged.rev, available[node_cid])
    staged.gone_nodes = difference.gone_nodes
    if head.status == Repo.Status.ACTIVE:
        staged.event = announcement.event(staged.step, available, new_nodes)


def _found_here(
    changes: list[Change], repo_id: int, faults: Faults
) -> Iterator[tuple[Change, bytes]]:
    """Records that the CAR leaves out because the repo has the same bytes under another key."""
    for start in range(0, len(changes), _LOOKED_UP_AT_ONCE):
        batch = changes[start : start + _LOOKED_UP_AT_ONCE]
        wanted = list({change.new for change in batch})
        found: dict[bytes | None, bytes] = dict(connection.rows(_RECORDS, (repo_id, wanted)))
        for change in batch:
            if change.new in found:
                yield change, found[change.new]
            else:
                faults.note_record(change.key.decode())


def _take(staged: Staged, change: Change, block: bytes, faults: Faults) -> None:
    key, old, new = change
    if old is not None:
        staged.gone_paths.append(key.decode())
        staged.record_change -= 1
    if new is None:
        return None
    collection, rkey = key.split(b"/")
    name = collection.decode()
    if not syntax.is_record_path(name, rkey.decode()):
        return faults.note_path(key.decode())
    value = _decode(block)
    if value is None:
        return faults.note_record(key.decode())
    subject = writes.subject_of(name, value)
    staged.records.add(
        collection, rkey, new, staged.rev, subject.encode() if subject else None, block
    )
    if blob_refs.MARK in block:
        for blob_cid in blob_refs.in_stored_record(value):
            staged.uses.add(collection, rkey, blob_cid, staged.rev)
    staged.record_change += 1
    return None


def _decode(block: bytes) -> dict[str, object] | None:
    try:
        value = cbor.decode(block)
    except cbor.CborError:
        return None
    return value if isinstance(value, dict) else None
