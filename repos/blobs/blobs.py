"""Blobs as records and readers see them: what was uploaded, what is in use, and the bytes of it.

Source: atproto.com/specs/blob and the lexicons com.atproto.sync.getBlob and sync.listBlobs. How
they come in: repos.blobs.uploads; which state may follow which: repos.blobs.states; when they go:
repos.blobs.garbage_collection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import files
from repos.blobs.blob_refs import BlobRef
from repos.blobs.types import declared_types
from repos.models import Blob
from repos.reads.repos import RepoRow
from server.database import connection

_FIND = "SELECT mime_type, size, state, key FROM blob WHERE repo_id = %s AND cid = %b"
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
_NOT_FOUND = "Blob not found"


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
        found = connection.row(_FIND, (repo.id, blob_cid))
        if found is None or found[2] != Blob.State.LIVE:
            raise BlobNotFound(_NOT_FOUND)
        mime_type, size, _, key = found
        try:
            file = files.read(key)
        except FileNotFoundError:
            if _has_moved(repo.id, blob_cid, key):
                continue
            raise BlobNotFound(_NOT_FOUND) from None
        return OpenBlob(BlobRef(blob_cid, mime_type, size), file)


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


def _has_moved(repo_id: int, blob_cid: bytes, key: str) -> bool:
    found = connection.row(_FIND, (repo_id, blob_cid))
    return found is not None and found[3] != key
