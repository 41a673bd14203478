"""Quarantine of blobs: what a takedown of one blob does to its row and to its bytes.

Source: com.atproto.admin.updateSubjectStatus of a repoBlobRef. The row changes first, and from then
on the blob is neither served nor referred to nor uploaded again. The bytes follow to the
quarantine's part of the storage, and back, as a copy under a new key: at once when all goes well,
else by `settle_blobs`.
"""

import structlog
from django.db import transaction

from repos.blobs import files
from repos.blobs.blobs import not_uploaded
from repos.blobs.files import Place
from repos.reads.repos import RepoRow
from server.database import connection

logger = structlog.stdlib.get_logger(__name__)
_BATCH = 200

_QUARANTINE = """
    UPDATE blob SET state = 'quarantined', changed_at = now()
    WHERE repo_id = %s AND cid = %b RETURNING key
"""
# Idle first: that is what leaves quarantine; a record that still refers to it makes it live.
_RELEASE = """
    UPDATE blob SET state = 'idle', changed_at = now()
    WHERE repo_id = %s AND cid = %b AND state = 'quarantined' RETURNING key
"""
_REVIVE = """
    UPDATE blob b SET state = 'live' WHERE b.repo_id = %s AND b.cid = %b AND b.state = 'idle'
        AND EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
    RETURNING key
"""
_KNOWN = "SELECT state FROM blob WHERE repo_id = %s AND cid = %b"
_MISPLACED = """
    SELECT b.repo_id, b.cid, b.key, b.state, r.did, h.tenant_id
    FROM blob b JOIN repo r ON r.id = b.repo_id JOIN host h ON h.id = r.host_id
    WHERE (b.state = 'quarantined' AND b.key LIKE 'public/%%'
        OR b.state <> 'quarantined' AND b.key NOT LIKE 'public/%%')
"""
_MISPLACED_ONE = _MISPLACED + " AND b.repo_id = %s AND b.cid = %b"
_MISPLACED_SOME = _MISPLACED + " ORDER BY b.changed_at LIMIT %s"
# The copy is the blob's now, the original is to be deleted: unless the state is another by now.
_TAKE_COPY = """
    WITH moved AS (
        UPDATE blob SET key = %s WHERE repo_id = %s AND cid = %b AND key = %s AND state = %s
            AND EXISTS (SELECT FROM file_deletion
                        WHERE key = %s AND due_at > now() + interval '1 hour')
        RETURNING repo_id
    ), spared AS (
        DELETE FROM file_deletion WHERE key = %s AND EXISTS (SELECT FROM moved)
    )
    INSERT INTO file_deletion (key, due_at) SELECT %s, now() FROM moved RETURNING key
"""


def quarantine(repo: RepoRow, blob_cid: bytes) -> None:
    """Take a blob out of everybody's sight. Repeatable. Raises BlobNotFound."""
    if connection.row(_QUARANTINE, (repo.id, blob_cid)) is None:
        raise not_uploaded(blob_cid)
    _settle_after_commit(repo.id, blob_cid)


def release(repo: RepoRow, blob_cid: bytes) -> None:
    """Give a blob back as it was: live when a record refers to it, else idle. Repeatable.

    Raises BlobNotFound.
    """
    with transaction.atomic():
        if connection.row(_KNOWN, (repo.id, blob_cid)) is None:
            raise not_uploaded(blob_cid)
        connection.row(_RELEASE, (repo.id, blob_cid))
        connection.row(_REVIVE, (repo.id, blob_cid))
        _settle_after_commit(repo.id, blob_cid)


def is_quarantined(repo: RepoRow, blob_cid: bytes) -> bool:
    """Whether a blob is taken down. Raises BlobNotFound."""
    found = connection.row(_KNOWN, (repo.id, blob_cid))
    if found is None:
        raise not_uploaded(blob_cid)
    return bool(found[0] == "quarantined")


def settle_blobs() -> int:
    """Bring bytes where their blob's state wants them, a batch of them; returns how many moved."""
    return sum(map(_move, connection.rows(_MISPLACED_SOME, (_BATCH,))))


def _settle_after_commit(repo_id: int, blob_cid: bytes) -> None:
    # Robust: the takedown stands whatever the storage says; settle_blobs tries again.
    transaction.on_commit(lambda: _settle(repo_id, blob_cid), robust=True)


def _settle(repo_id: int, blob_cid: bytes) -> None:
    for found in connection.rows(_MISPLACED_ONE, (repo_id, blob_cid)):
        _move(found)


def _move(misplaced: connection.Row) -> bool:
    """Copy one blob's bytes to the other place and remove the original."""
    repo_id, blob_cid, old_key, state, did, tenant_id = misplaced
    place = Place.QUARANTINE if state == "quarantined" else Place.PUBLIC
    key = files.new_key(place, tenant_id, did, blob_cid)
    try:
        with files.storage().open(old_key, "rb") as original:
            files.write(key, original)
    except FileNotFoundError:
        logger.exception("the bytes of a blob are not where they should be", key=old_key, did=did)
        return False
    taken = (key, repo_id, blob_cid, old_key, state, key, key, old_key)
    is_moved = connection.row(_TAKE_COPY, taken) is not None
    files.remove([old_key if is_moved else key])
    return is_moved
