"""Counts of a repo: the figures by which people who move see that all has arrived.

Source: the lexicon com.atproto.server.checkAccountStatus. A blob is expected when a record names it
and imported when its bytes came too, so that equal figures mean that `missing` has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from repos.reads.refusals import RepoNotFound
from repos.reads.repos import RepoRef
from server.database import connection

_COUNTS = """
    SELECT r.head, r.rev, r.record_count,
        (SELECT count(*) FROM node WHERE repo_id = r.id), b.expected, b.imported
    FROM repo r CROSS JOIN LATERAL (
        SELECT count(*) AS expected, count(b.cid) AS imported
        FROM (SELECT DISTINCT cid FROM blob_use WHERE repo_id = r.id) u
        LEFT JOIN blob b ON b.repo_id = r.id AND b.cid = u.cid
    ) b WHERE r.id = %s
"""


_BLOBS = """
    SELECT u.repo_id, count(*), count(b.cid)
    FROM (SELECT DISTINCT repo_id, cid FROM blob_use WHERE repo_id = ANY (%s)) u
    LEFT JOIN blob b ON b.repo_id = u.repo_id AND b.cid = u.cid
    GROUP BY u.repo_id
"""


@dataclass(frozen=True, slots=True)
class BlobCounts:
    """Blobs that a repo's records name, and those of them whose bytes are here."""

    expected_count: int
    imported_count: int

    @property
    def missing_count(self) -> int:
        return self.expected_count - self.imported_count


@dataclass(frozen=True, slots=True)
class RepoCounts:
    """A repo's head (a CID) and rev, and what is behind them."""

    head: bytes
    rev: str
    record_count: int
    node_count: int
    expected_blob_count: int
    imported_blob_count: int

    @property
    def block_count(self) -> int:
        """Nodes, records and the commit."""
        return self.node_count + self.record_count + 1


def count_blobs(repo_ids: Sequence[int]) -> dict[int, BlobCounts]:
    """The blobs of several repos, by their ids; those that name none are left out."""
    found = connection.rows(_BLOBS, (list(repo_ids),))
    return {repo_id: BlobCounts(expected, imported) for repo_id, expected, imported in found}


def count_repo(repo: RepoRef) -> RepoCounts:
    """Count one repo, by going through its nodes' keys: for owners, not the public.

    Raises RepoNotFound.
    """
    found = connection.row(_COUNTS, (repo.id,))
    if found is None:
        raise RepoNotFound(repo.did)
    return RepoCounts(*found)
