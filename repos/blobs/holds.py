"""Holds on blobs: kept though unused, as evidence of reports (moderation.desk.reports.evidence).

A hold is a row beside the blob's. As long as the blob has its row, the file is the blob's, and a
hold changes nothing. When that row goes, with the sweep or with the whole repo, the file goes over
to the hold instead of being removed (repos.blobs.garbage_collection). From then on it counts for no
quota and nobody can fetch it: getBlob and listBlobs know `blob` alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from repos.blobs import files
from repos.blobs.blob_refs import BlobRef
from repos.blobs.blobs import BlobNotFound, OpenBlob
from server.database import connection

# Whoever deletes the repo locks its row first: it waits for us, and then sees our holds.
_LOCK = "SELECT FROM repo WHERE id = %s FOR KEY SHARE"
# The sweep passes over rows that are locked.
_SIZES = """
    SELECT cid, size FROM blob WHERE repo_id = %s AND cid = ANY (%b) ORDER BY size, cid
    FOR KEY SHARE
"""
_HOLD = """
    INSERT INTO blob_hold (repo_id, cid, mime_type, size, held_until)
    SELECT repo_id, cid, mime_type, size, %s FROM blob WHERE repo_id = %s AND cid = ANY (%b)
    ON CONFLICT (repo_id, cid)
    DO UPDATE SET held_until = greatest(blob_hold.held_until, excluded.held_until)
"""
_EXTEND = """
    UPDATE blob_hold SET held_until = greatest(held_until, %s)
    WHERE repo_id = %s AND cid = ANY (%b) RETURNING cid
"""
_END = """
    UPDATE blob_hold SET held_until = least(held_until, now())
    WHERE repo_id = %s AND cid = ANY (%b) RETURNING cid
"""
_HELD = """
    SELECT cid, mime_type, size FROM blob_hold WHERE repo_id = %s AND cid = ANY (%b) ORDER BY cid
"""
_FIND = """
    SELECT h.mime_type, h.size, coalesce(b.key, h.key) FROM blob_hold h
    LEFT JOIN blob b USING (repo_id, cid) WHERE h.repo_id = %s AND h.cid = %b
"""
_RELEASE = """
    WITH gone AS (DELETE FROM blob_hold b WHERE held_until <= %s
        AND NOT EXISTS (SELECT FROM repo_hold h WHERE h.repo_id = b.repo_id) RETURNING key
    ), scheduled AS (
        INSERT INTO file_deletion (key, due_at)
        SELECT key, now() FROM gone WHERE key IS NOT NULL
    ) SELECT count(*) FROM gone
"""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that one call of `hold` keeps."""

    blob_count: int
    bytes: int


def hold(repo_id: int, cids: Collection[bytes], until: datetime, bounds: Bounds) -> int:
    """Keep those of these blobs that are here, smallest first; how many bytes that comes to.

    In the caller's transaction. A hold that is there already ends later, if at all.
    """
    if not cids or connection.row(_LOCK, (repo_id,)) is None:
        return 0
    chosen: list[bytes] = []
    total = 0
    for blob_cid, size in connection.rows(_SIZES, (repo_id, list(cids))):
        if len(chosen) == bounds.blob_count or total + size > bounds.bytes:
            break
        chosen.append(blob_cid)
        total += size
    connection.hot().execute(_HOLD, (until, repo_id, chosen))
    return total


def extend(repo_id: int, cids: Collection[bytes], until: datetime) -> None:
    """Keep for longer what is held of these blobs."""
    connection.rows(_EXTEND, (until, repo_id, list(cids)))


def end(repo_id: int, cids: Collection[bytes]) -> None:
    """Keep these blobs no longer: the next sweep lets them go."""
    connection.rows(_END, (repo_id, list(cids)))


def held(repo_id: int, cids: Collection[bytes]) -> list[BlobRef]:
    """Those of these blobs that are held."""
    return [BlobRef(*found) for found in connection.rows(_HELD, (repo_id, list(cids)))]


def open_held(repo_id: int, blob_cid: bytes) -> OpenBlob:
    """A held blob's bytes, whatever became of the blob. The reader closes the file.

    Raises BlobNotFound, StorageTimedOut.
    """
    for _ in range(_TRIES):  # the file may move meanwhile: into quarantine, say
        found = connection.row(_FIND, (repo_id, blob_cid))
        if found is None or found[2] is None:
            break
        mime_type, size, key = found
        try:
            file = files.read(key)
        except FileNotFoundError:
            continue
        return OpenBlob(BlobRef(blob_cid, mime_type, size), file)
    raise BlobNotFound("Blob not found")


def release_due(now: datetime) -> int:
    """End the holds that are over; files that only they kept are deleted. How many. Repeatable."""
    found = connection.row(_RELEASE, (now,))
    return int(found[0]) if found else 0
