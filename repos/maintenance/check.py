"""Integrity check of a repo: head, tree, records and blobs compared, nothing changed.

Source: atproto.com/specs/repository. Everything is read from one snapshot, so writers may go on.
Memory is the tree's nodes (about a kilobyte for every four records).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg

from protocol import cbor, cid, mst, syntax
from protocol.cid import to_text
from protocol.keys import PublicKey
from protocol.repo import commit
from repos.blobs import blobs
from repos.state.long_reads import snapshot

Progress = Callable[[int], None]

_ROWS_A_STEP = 1_000
_HEAD = """
    SELECT did, host_id, head, rev, data, commit, signing_did_key, record_count
    FROM repo WHERE id = %s
"""
# In the order of the tree's keys: "/" sorts after "." and "-", so not simply by collection.
RECORDS_IN_ORDER = """
    SELECT collection || '/' || rkey, cid, data FROM record WHERE repo_id = %s
    ORDER BY (collection || '/') COLLATE "C", rkey
"""
_NODES = "SELECT cid, data FROM node WHERE repo_id = %s"
_BLOBS = """
    SELECT u.cid, b.state FROM (SELECT DISTINCT cid FROM blob_use WHERE repo_id = %s) u
    JOIN blob b ON b.repo_id = %s AND b.cid = u.cid
"""  # after an import, some are not uploaded yet


@dataclass(slots=True)
class Report:
    """What a check found. `damages` are sentences; none means that all is well."""

    did: str
    damages: list[str] = field(default_factory=list)
    record_count: int = 0


def check_repo(repo_id: int, progress: Progress) -> Report:
    """Read a whole repo and say what is wrong; `progress` is told of records read."""
    with snapshot() as connection:
        found = connection.execute(_HEAD, (repo_id,), binary=True).fetchone()
        if found is None:
            return Report(str(repo_id), ["there is no repo"])
        did, host_id, head, rev, data, block, signing_did_key, record_count = found
        report = Report(did)
        _check_head(report, head, rev, data, block, signing_did_key)
        _check_tree(report, connection, repo_id, data, progress)
        if report.record_count != record_count:
            report.damages.append(f"{report.record_count} records, counted as {record_count}")
        _check_blobs(report, connection, repo_id, host_id)
    return report


def _check_head(  # noqa: PLR0913, PLR0917 - the row's fields
    report: Report, head: bytes, rev: str, data: bytes, block: bytes, signing_did_key: str
) -> None:
    if cid.of_dag_cbor(block) != head:
        report.damages.append("the commit does not hash to the head")
    try:
        read = commit.parse(block)
    except cbor.CborError as fault:
        report.damages.append(f"the commit cannot be read: {fault}")
        return
    if (read.did, read.rev, read.data) != (report.did, rev, data):
        report.damages.append("the commit says another DID, rev or tree than the repo")
    if not read.verify(PublicKey.from_did_key(signing_did_key)):
        report.damages.append("the commit is not signed by the account's key")


def _check_tree(
    report: Report,
    connection: psycopg.Connection,
    repo_id: int,
    data: bytes,
    progress: Progress,
) -> None:
    """The tree that the records make, held against the root and the stored nodes."""
    try:
        root, nodes = mst.build(_records(report, connection, repo_id, progress))
    except mst.MstError as fault:
        report.damages.append(f"the records make no tree: {fault}")
        return
    if root != data:
        report.damages.append("the records make another tree than the commit signs")
    stored = connection.execute(_NODES, (repo_id,), binary=True)
    surplus = sum(nodes.pop(node_cid, None) != block for node_cid, block in stored)
    if surplus:
        report.damages.append(f"{surplus} stored nodes are not of this tree")
    if nodes:
        report.damages.append(f"{len(nodes)} nodes of the tree are not stored")


def _records(
    report: Report, connection: psycopg.Connection, repo_id: int, progress: Progress
) -> Iterator[tuple[bytes, bytes]]:
    with connection.cursor("records", binary=True) as cursor:
        cursor.execute(RECORDS_IN_ORDER, (repo_id,))
        while rows := cursor.fetchmany(_ROWS_A_STEP):
            for path, record_cid, block in rows:
                report.damages += _record_damages(path, record_cid, block)
                yield path.encode(), record_cid
            report.record_count += len(rows)
            progress(report.record_count)


def _record_damages(path: str, record_cid: bytes, block: bytes) -> list[str]:
    if not syntax.is_record_path(*path.split("/", 1)):
        return [f"{path} is no record path: `repo remove-invalid` removes it"]
    if cid.of_dag_cbor(block) != record_cid:
        return [f"{path} does not hash to its CID"]
    try:
        cbor.decode(block)
    except cbor.CborError as fault:
        return [f"{path} cannot be read: {fault}"]
    return []


def _check_blobs(
    report: Report, connection: psycopg.Connection, repo_id: int, host_id: int
) -> None:
    for blob_cid, state in connection.execute(_BLOBS, (repo_id, repo_id), binary=True):
        if state in ("staged", "idle"):
            report.damages.append(f"blob {to_text(blob_cid)} is in use but not visible")
        elif state == "live" and not blobs.has_file(host_id, report.did, blob_cid):
            report.damages.append(f"blob {to_text(blob_cid)} has no bytes")
