"""Missing blobs: records refer to them and nobody has uploaded them here.

Source: the lexicon com.atproto.repo.listMissingBlobs. A record of an import names its blobs in
`blob_use`; the upload of the bytes makes the `blob` row. Writes of our own never leave such a gap.
"""

from dataclasses import dataclass

from server.database import connection

_MISSING = """
    SELECT u.cid, min(u.collection || '/' || u.rkey) FROM blob_use u
    WHERE u.repo_id = %s AND u.cid > %b
      AND NOT EXISTS (SELECT FROM blob b WHERE b.repo_id = u.repo_id AND b.cid = u.cid)
    GROUP BY u.cid ORDER BY u.cid LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class MissingBlob:
    """A blob's CID and the path (`collection/rkey`) of a record that names it."""

    cid: bytes
    path: str


def list_missing(repo_id: int, limit: int, cursor: bytes | None = None) -> list[MissingBlob]:
    """Blobs to be uploaded yet, by CID, after `cursor`."""
    return [
        MissingBlob(*found) for found in connection.rows(_MISSING, (repo_id, cursor or b"", limit))
    ]
