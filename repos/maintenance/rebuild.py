"""Rebuilds a repo from its records, when its tree or its head is damaged.

The records are believed, all else is derived from them: their CIDs, the tree, the count, the
commit. Consumers are told by #sync. The repo's row stays locked meanwhile, so its writers wait.
"""

from collections.abc import Callable, Iterator

from django.db import transaction

from protocol import cid, mst
from repos.imports.rows import Rows
from repos.lifecycle import resigning
from repos.maintenance.check import RECORDS_IN_ORDER
from repos.reads.refusals import RepoNotFound
from repos.state import heads
from server.database import connection

Progress = Callable[[int], None]

_ROWS_A_STEP = 1_000
_DROP_NODES = "DELETE FROM node WHERE repo_id = %s"
_NEW_CIDS = """
    UPDATE record r SET cid = n.cid, rev = %s FROM unnest(%s::text[], %s::text[], %b::bytea[])
        n(collection, rkey, cid)
    WHERE r.repo_id = %s AND r.collection = n.collection AND r.rkey = n.rkey
"""
_COUNT = """
    UPDATE repo SET (record_count, record_bytes) = (
        SELECT count(*), coalesce(sum(octet_length(data)), 0) FROM record WHERE repo_id = repo.id)
    WHERE id = %s
"""


def rebuild(repo_id: int, progress: Progress) -> None:
    """Make tree and head from the records; `progress` is told of records read.

    Raises RepoNotFound, and MstError when a record's path cannot stand in any tree.
    """
    wrong: list[tuple[str, bytes]] = []
    with transaction.atomic():
        heads.lock(repo_id)
        head = heads.read(repo_id)
        if head is None:
            raise RepoNotFound(str(repo_id))
        root, nodes = mst.build(_records(repo_id, wrong, progress))
        rev = resigning.move_head(head, root, head.signing_did_key)
        _rename(repo_id, rev, wrong)
        _store_nodes(repo_id, rev, nodes)
        connection.hot().execute(_COUNT, (repo_id,))


def _records(
    repo_id: int, wrong: list[tuple[str, bytes]], progress: Progress
) -> Iterator[tuple[bytes, bytes]]:
    """Every path with the CID of the bytes that are there; `wrong` gets those that said another."""
    count = 0
    with connection.hot().cursor("rebuild", binary=True) as cursor:
        cursor.execute(RECORDS_IN_ORDER, (repo_id,))
        while rows := cursor.fetchmany(_ROWS_A_STEP):
            for path, stored_cid, block in rows:
                record_cid = cid.of_dag_cbor(block)
                if record_cid != stored_cid:
                    wrong.append((path, record_cid))
                yield path.encode(), record_cid
            count += len(rows)
            progress(count)


def _rename(repo_id: int, rev: str, wrong: list[tuple[str, bytes]]) -> None:
    if not wrong:
        return
    pairs = [path.split("/") for path, _ in wrong]
    cids = [record_cid for _, record_cid in wrong]
    names = (rev, [pair[0] for pair in pairs], [pair[1] for pair in pairs], cids, repo_id)
    connection.hot().execute(_NEW_CIDS, names)


def _store_nodes(repo_id: int, rev: str, nodes: dict[bytes, bytes]) -> None:
    rows = Rows(repo_id, "node", ("cid", "rev", "data"))
    try:
        for node_cid, block in nodes.items():
            rows.add(node_cid, rev.encode(), block)
        connection.hot().execute(_DROP_NODES, (repo_id,))
        rows.store()
    finally:
        rows.close()
