"""The transaction of an import: all rows and the new head together, or nothing.

It takes effect only on the head that was read (compare and swap on `rev` and status), and takes the
repo's row first, as every commit does. What was encoded before goes in by COPY, some 200,000 rows a
second, so other writers of the repo wait for that long and readers for nothing.
"""

from typing import TypeVar

from django.db import transaction

from repos.events import append
from repos.imports.staging import Staged
from repos.state import heads
from server.database import connection as database

T = TypeVar("T")

_AT_ONCE = 10_000

_DELETE_RECORDS = """
    DELETE FROM record r USING unnest(%s::text[], %s::text[]) g(collection, rkey)
    WHERE r.repo_id = %s AND r.collection = g.collection AND r.rkey = g.rkey
"""
_DELETE_USES = """
    DELETE FROM blob_use u USING unnest(%s::text[], %s::text[]) g(collection, rkey)
    WHERE u.repo_id = %s AND u.collection = g.collection AND u.rkey = g.rkey RETURNING u.cid
"""
_DELETE_NODES = "DELETE FROM node WHERE repo_id = %s AND cid = ANY (%b)"
_RELEASE = """
    UPDATE blob b SET state = 'idle', changed_at = now()
    WHERE b.repo_id = %s AND b.cid = ANY (%b) AND b.state = 'live'
      AND NOT EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
"""
_ATTACH = """
    UPDATE blob b SET state = 'live', changed_at = now()
    WHERE b.repo_id = %s AND b.state IN ('staged', 'idle')
      AND EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
"""
# When an imported record was written, its rev here does not tell (repos.reads.recent_writes).
_BEGIN_ANEW = """
    UPDATE repo SET first_rev = rev, record_bytes = (
        SELECT coalesce(sum(octet_length(data)), 0) FROM record WHERE repo_id = repo.id)
    WHERE id = %s
"""


def apply(staged: Staged) -> bool:
    """Make the import true. False when the head or the status is another by now."""
    with transaction.atomic():
        if not heads.move(staged.step, staged.record_change):
            return False
        released = _remove(staged)
        for rows in (staged.records, staged.nodes, staged.uses):
            rows.store()
        database.hot().execute(_BEGIN_ANEW, (staged.step.head.id,))
        attach_blobs(staged.step.head.id)
        if released:
            database.hot().execute(_RELEASE, (staged.step.head.id, released))
        if staged.event is not None:
            append.append(staged.step.head.id, *staged.event)
    return True


def attach_blobs(repo_id: int) -> None:
    """Show the uploads that records refer to.

    Also called once the import is committed: an upload that ran beside it saw no record yet.
    """
    database.hot().execute(_ATTACH, (repo_id,))


def _remove(staged: Staged) -> list[bytes]:
    """Take out what the new tree lacks or replaces; CIDs of blobs that were in use there."""
    repo_id, released = staged.step.head.id, set[bytes]()
    connection = database.hot()
    for paths in _batches(staged.gone_paths):
        pairs = [path.split("/") for path in paths]
        where = ([pair[0] for pair in pairs], [pair[1] for pair in pairs], repo_id)
        connection.execute(_DELETE_RECORDS, where)
        released.update(blob_cid for (blob_cid,) in database.rows(_DELETE_USES, where))
    for cids in _batches(staged.gone_nodes):
        connection.execute(_DELETE_NODES, (repo_id, cids))
    return list(released)


def _batches(items: list[T]) -> list[list[T]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
