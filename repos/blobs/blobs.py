"""Blobs as records and readers see them: what was uploaded, what is in use, and the bytes of it.

Source: atproto.com/specs/blob and the lexicons com.atproto.sync.getBlob and sync.listBlobs. How
they come in: repos.blobs.uploads; which state may follow which: repos.blobs.states; when they go:
repos.blobs.garbage_collection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from hosting.models import Host
from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import files
from repos.blobs.blob_refs import BlobRef
from repos.blobs.types import declared_types
from repos.models import Blob
from repos.reads.repos import RepoRow
from server.database import connection
from server.database.prepared import (
    BIGINT,
    BYTEA,
    TEXT,
    Question,
    Row,
    Statement,
    bigint,
    number,
)

_FIND = Statement(
    "SELECT mime_type, size, state, key FROM blob WHERE repo_id = $1 AND cid = $2", (BIGINT, BYTEA)
)
_FIND_KEY = """
    SELECT b.key FROM blob b JOIN repo r ON r.id = b.repo_id
    WHERE r.host_id = %s AND r.did = %s AND b.cid = %b
"""
_FIND_ALL = """
    SELECT cid, mime_type, size FROM blob
    WHERE repo_id = %s AND cid = ANY (%b) AND state <> 'quarantined'
"""
_USED = """
    SELECT DISTINCT ON (cid_order(cid)) cid FROM blob_use
    WHERE repo_id = %s AND rev > %s AND cid_order(cid) > coalesce(cid_order(%b), B'0'::bit(290))
    ORDER BY cid_order(cid) LIMIT %s
"""
_FIND_PUBLIC = Statement(
    """
    SELECT r.status, b.state, b.mime_type, b.size, b.key FROM repo r
    JOIN blob b ON b.repo_id = r.id AND b.cid = $3 WHERE r.did = $1 AND r.host_id = $2
    """,
    (TEXT, BIGINT, BYTEA),
)
_ACTIVE = b"active"
_NOT_FOUND = "Blob not found"
_LIVE = Blob.State.LIVE.value.encode()


class BlobNotFound(InvalidRequest):
    """400: no such blob was uploaded to this repo, or nobody refers to it any more."""

    name = "BlobNotFound"


class InvalidMimeType(InvalidRequest):
    """400: the record gives the blob another type than the upload has."""

    name = "InvalidMimeType"


class InvalidSize(InvalidRequest):
    """400: the record gives the blob another size than the upload has."""

    name = "InvalidSize"


@dataclass(frozen=True, slots=True)
class OpenBlob:
    """A blob about to be served. The reader closes `file`."""

    ref: BlobRef
    file: IO[bytes]


def open_blob(repo: RepoRow, blob_cid: bytes) -> OpenBlob:
    """A blob that a record refers to. Raises BlobNotFound for all others, StorageTimedOut.

    Whether the repo itself may be read is the caller's question (`repos.reads.repos.active_repo`).
    """
    while True:
        found = _find(repo.id, blob_cid)
        if found is None:
            raise BlobNotFound(_NOT_FOUND)
        ref, key = found
        try:
            file = files.read(key)
        except FileNotFoundError:
            moved = _find(repo.id, blob_cid)
            if moved is not None and moved[1] != key:
                continue
            raise BlobNotFound(_NOT_FOUND) from None
        return OpenBlob(ref, file)


def ask_for_blob(host: Host, did: str, blob_cid: bytes) -> Question | None:
    """What `public_blob` is told the answer of; None where blobs are no files of this machine."""
    if not files.are_local():
        return None
    return Question(_FIND_PUBLIC, (did.encode(), bigint(host.pk), blob_cid))


def public_blob(found: Sequence[Row], blob_cid: bytes) -> tuple[BlobRef, str] | None:
    """The blob that was asked for and its file's key, if a record of an active repo refers to
    it."""
    if not found or found[0][0] != _ACTIVE or found[0][1] != _LIVE:
        return None
    _, _, mime_type, size, key = found[0]
    return BlobRef(blob_cid, mime_type.decode(), number(size)), key.decode()


def list_blobs(
    repo: RepoRow, limit: int = 500, cursor: bytes | None = None, since: str | None = None
) -> list[bytes]:
    """CIDs of the blobs that records refer to, in the order of their text, after `cursor`.

    `since` keeps those whose record changed after that rev.
    """
    found = connection.rows(_USED, (repo.id, since or "", cursor, limit))
    return [blob_cid for (blob_cid,) in found]


def check_uploaded(repo_id: int, refs: Sequence[BlobRef]) -> None:
    """Refuse references that differ from the upload: BlobNotFound, InvalidMimeType, InvalidSize.

    A type that a record of the repo has already may be written again.
    """
    uploads = uploaded(repo_id, [ref.cid for ref in refs])
    for ref in refs:
        if ref.cid not in uploads:
            raise not_uploaded(ref.cid)
        upload = uploads[ref.cid]
        if ref.mime_type != upload.mime_type and not _is_in_a_record(repo_id, ref):
            raise InvalidMimeType(f"The blob's type is {upload.mime_type}, not {ref.mime_type}")
        if ref.size != upload.size:
            raise InvalidSize(f"The blob has {upload.size} bytes, not {ref.size}")


def uploaded(repo_id: int, cids: Sequence[bytes]) -> dict[bytes, BlobRef]:
    """What is known of those blobs that a record may refer to, by CID."""
    found = connection.rows(_FIND_ALL, (repo_id, list(cids)))
    return {blob_cid: BlobRef(blob_cid, mime_type, size) for blob_cid, mime_type, size in found}


def not_uploaded(blob_cid: bytes) -> BlobNotFound:
    """The refusal of a record whose blob nobody uploaded; getBlob's own names no blob."""
    return BlobNotFound(f"Could not find blob: {cid.to_text(blob_cid)}")


def has_file(host_id: int, did: str, blob_cid: bytes) -> bool:
    """Whether the storage holds a blob's bytes, for repairs and checks."""
    found = connection.row(_FIND_KEY, (host_id, did, blob_cid))
    return found is not None and files.storage().exists(found[0])


def _is_in_a_record(repo_id: int, ref: BlobRef) -> bool:
    return ref.mime_type in declared_types.types_of(repo_id, ref.cid)


def _find(repo_id: int, blob_cid: bytes) -> tuple[BlobRef, str] | None:
    """A blob that a record refers to, and its file's key."""
    found = _FIND.rows(bigint(repo_id), blob_cid)
    if not found or found[0][2] != _LIVE:
        return None
    mime_type, size, _, key = found[0]
    return BlobRef(blob_cid, mime_type.decode(), number(size)), key.decode()
