"""The second opinion on one repo: head, tree and records as they stand in the database.

One snapshot is read, so writers may go on. Memory is the tree's nodes and a line for each record.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from repos.maintenance.independent import blocks, commits, trees
from repos.maintenance.independent.blocks import Malformed, text_of
from repos.maintenance.independent.trees import Leaf
from repos.state.long_reads import snapshot

Progress = Callable[[int], None]

LISTED_MAX: Final = 1_000  # damages of one repo; the others are counted
_ROWS_A_STEP: Final = 1_000
_HEAD = """
    SELECT did, head, rev, data, commit, signing_did_key, record_count FROM repo WHERE id = %s
"""
_NODES = "SELECT cid, data FROM node WHERE repo_id = %s"
_RECORDS = "SELECT collection || '/' || rkey, cid, data FROM record WHERE repo_id = %s"


@dataclass
class Report:
    """What was found. `listed` are pairs: what is wrong, and where; `damage_count` counts all."""

    did: str
    records: int = 0
    nodes: int = 0
    damage_count: int = 0
    listed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def damages(self) -> list[str]:
        """A sentence for each damage that is listed, and one for those that are not."""
        sentences = [f"{what}: {where}" for what, where in self.listed]
        left_out = self.damage_count - len(self.listed)
        return [*sentences, f"and {left_out} more"] if left_out else sentences

    def note(self, what: str, where: str) -> None:
        """Count a damage, and list it if there is room."""
        self.damage_count += 1
        if len(self.listed) < LISTED_MAX:
            self.listed.append((what, where))

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "did": self.did,
            "ok": not self.damage_count,
            "records": self.records,
            "nodes": self.nodes,
            "damageCount": self.damage_count,
            "damages": [{"kind": what, "where": where} for what, where in self.listed],
        }


def check(repo_id: int, progress: Progress) -> Report:
    """Read a whole repo and say what is wrong; `progress` is told of records read."""
    with snapshot() as connection:
        row = connection.execute(_HEAD, (repo_id,), binary=True).fetchone()
        if row is None:
            report = Report(str(repo_id))
            report.note("missing repo", str(repo_id))
            return report
        did, head, rev, data, block, did_key, count = row
        report = Report(did)
        _check_commit(report, block, (head, rev, data), did_key)
        in_tree = _check_tree(report, connection, repo_id, data)
        stored = _check_records(report, connection, repo_id, progress)
    for path in in_tree.keys() | stored.keys():
        _compare(report, path, in_tree.get(path), stored.get(path))
    if count != len(stored):
        report.note("wrong count", f"{len(stored)} records, counted as {count}")
    return report


def _check_commit(
    report: Report, block: bytes, row: tuple[bytes, str, bytes], did_key: str
) -> None:
    head, rev, data = row
    if blocks.cid_of(block) != head:
        report.note("wrong CID", f"commit {text_of(head)}")
    try:
        commit = commits.read(block)
    except Malformed as fault:
        report.note("malformed", f"commit {text_of(head)} ({fault})")
        return
    if (commit.did, commit.rev, commit.data) != (report.did, rev, data):
        report.note("wrong field", "the commit says another DID, rev or tree than the repo's row")
    if not commits.is_signed(commit, did_key):
        report.note("wrong signature", f"commit {text_of(head)} under {did_key}")


def _check_tree(
    report: Report, connection: psycopg.Connection, repo_id: int, root: bytes
) -> dict[bytes, bytes]:
    """What the tree says of records, by path."""
    rows = connection.execute(_NODES, (repo_id,), binary=True)
    stored: dict[bytes, bytes] = {cid: block for cid, block in rows}  # noqa: C416 - rows of two
    report.nodes = len(stored)
    before = report.damage_count
    walk = trees.Walk(stored, report.note)
    parts = walk.take_apart(root)
    if report.damage_count == before and trees.put_together(parts) != root:
        report.note("wrong tree", f"{text_of(root)} is not how a tree of its records stands")
    for cid in stored.keys() - walk.seen:
        report.note("surplus node", text_of(cid))
    return dict(part for part in parts if isinstance(part, Leaf))


def _check_records(
    report: Report, connection: psycopg.Connection, repo_id: int, progress: Progress
) -> dict[bytes, bytes]:
    """What the database says of records, by path; their bytes are held against it."""
    stored: dict[bytes, bytes] = {}
    with connection.cursor("records", binary=True) as cursor:
        cursor.execute(_RECORDS, (repo_id,))
        while rows := cursor.fetchmany(_ROWS_A_STEP):
            for path, cid, block in rows:
                stored[path.encode()] = cid
                _check_record(report, path, cid, block)
            report.records = len(stored)
            progress(report.records)
    return stored


def _check_record(report: Report, path: str, cid: bytes, block: bytes) -> None:
    if blocks.cid_of(block) != cid:
        report.note("wrong CID", f"record {path}")
    try:
        if not isinstance(blocks.decode(block), dict):
            report.note("malformed", f"record {path} (not a map)")
    except Malformed as fault:
        report.note("malformed", f"record {path} ({fault})")


def _compare(report: Report, path: bytes, in_tree: bytes | None, stored: bytes | None) -> None:
    where = f"record {path.decode(errors='replace')}"
    if in_tree is None:
        report.note("not in the tree", where)
    elif stored is None:
        report.note("missing block", where)
    elif in_tree != stored:
        report.note("other CID in the tree", where)
