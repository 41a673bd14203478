"""Missing blobs: records refer to them and nobody has uploaded them here.

Source: the lexicon com.atproto.repo.listMissingBlobs. A record of an import names its blobs in
`blob_use`; the upload of the bytes makes the `blob` row. Writes of our own never leave such a gap.
"""

from dataclasses import dataclass

from protocol.cid import to_text
from server.database import connection

_MISSING = """
    SELECT u.cid, min(u.collection || '/' || u.rkey) FROM blob_use u
    WHERE u.repo_id = %s AND u.cid > %b
      AND NOT EXISTS (SELECT FROM blob b WHERE b.repo_id = u.repo_id AND b.cid = u.cid)
    GROUP BY u.cid ORDER BY u.cid LIMIT %s
"""
_IS_MISSING = """
    SELECT EXISTS (SELECT FROM blob_use WHERE repo_id = %s AND cid = %b)
       AND NOT EXISTS (SELECT FROM blob WHERE repo_id = %s AND cid = %b)
"""
_COUNT = """
    SELECT count(DISTINCT u.cid) FROM blob_use u WHERE u.repo_id = %s
      AND NOT EXISTS (SELECT FROM blob b WHERE b.repo_id = u.repo_id AND b.cid = u.cid)
"""


@dataclass(frozen=True, slots=True)
class MissingBlob:
    """A blob's CID and the path (`collection/rkey`) of a record that names it."""

    cid: bytes
    path: str

    @property
    def text(self) -> str:
        """The CID as people see it."""
        return to_text(self.cid)


def list_missing(repo_id: int, limit: int, cursor: bytes | None = None) -> list[MissingBlob]:
    """Blobs to be uploaded yet, by CID, after `cursor`."""
    return [
        MissingBlob(*found) for found in connection.rows(_MISSING, (repo_id, cursor or b"", limit))
    ]


def is_missing(repo_id: int, blob_cid: bytes) -> bool:
    """Whether a record refers to that blob, and it is not here."""
    found = connection.row(_IS_MISSING, (repo_id, blob_cid) * 2)
    return bool(found and found[0])


def count_missing(repo_id: int) -> int:
    """How many there are."""
    found = connection.row(_COUNT, (repo_id,))
    return int(found[0]) if found else 0
