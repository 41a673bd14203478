"""Blobs: staged by an upload, attached by a record, served while live, swept when not needed.

Source: atproto.com/specs/blob and the lexicons com.atproto.repo.uploadBlob, sync.getBlob and
sync.listBlobs. Bytes go to `storages["blobs"]` before their row: a crash in between leaves a file
without a row, which an upload of the same bytes takes over and the sweep removes.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Protocol

import puremagic
from django.core.files import File
from django.core.files.storage import Storage, storages

from hosting import database
from protocol import cid
from protocol.errors import InvalidRequest, XrpcError
from repos.blob_refs import BlobRef
from repos.reads import RepoRow

_CHUNK_BYTES = 65_536
_SPOOL_BYTES = 1_048_576  # smaller uploads never touch the disk before storage
_HEAD_BYTES = 4_096  # what sniffing looks at
_UNKNOWN_TYPE = "application/octet-stream"
# Only media are sniffed: by a signature of 3 bytes and more, which must not read as plain words.
_MEDIA = ("image/", "video/", "audio/", "application/pdf")
_SIGNATURE_BYTES = 3
_WORD_BYTES = 4
_NOT_FOUND = "Blob not found"

_TENANT = "SELECT tenant_id FROM host WHERE id = %s"
_STAGE = """
    INSERT INTO blob (repo_id, cid, mime_type, size, state, changed_at, created_at)
    VALUES (%s, %b, %s, %s, 'staged', now(), now())
    ON CONFLICT (repo_id, cid) DO UPDATE SET changed_at = now()
    RETURNING mime_type, size
"""
# A record of an import may have been waiting for these bytes. A statement of its own: it must see
# what was committed after the row was there. The other half: repos.imports.applying.attach_blobs.
_ATTACH = """
    UPDATE blob b SET state = 'live', changed_at = now()
    WHERE b.repo_id = %s AND b.cid = %b AND b.state = 'staged'
      AND EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
"""
_FIND = "SELECT mime_type, size, state FROM blob WHERE repo_id = %s AND cid = %b"
_FIND_ALL = "SELECT cid, mime_type, size FROM blob WHERE repo_id = %s AND cid = ANY (%b)"
_USED = """
    SELECT DISTINCT cid FROM blob_use
    WHERE repo_id = %s AND cid > %b AND rev > %s ORDER BY cid LIMIT %s
"""


class PayloadTooLarge(XrpcError):
    """413: more bytes than the host takes."""

    name = "PayloadTooLarge"
    status = 413


class BlobNotFound(InvalidRequest):
    """400: no such blob was uploaded to this repo, or nobody refers to it any more."""

    name = "BlobNotFound"


class InvalidMimeType(InvalidRequest):
    """400: the record gives the blob another type than the upload has."""

    name = "InvalidMimeType"


class InvalidSize(InvalidRequest):
    """400: the record gives the blob another size than the upload has."""

    name = "InvalidSize"


class Readable(Protocol):
    """A request body: `read` gives at most so many bytes, and none at the end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class OpenBlob:
    """A blob about to be served. The reader closes `file`."""

    ref: BlobRef
    file: IO[bytes]


def stage(
    repo: RepoRow,
    stream: Readable,
    declared_type: str | None,
    declared_length: int | None,
    limit: int,
) -> BlobRef:
    """Store an upload, hashed and measured as it comes in; a record may refer to it from now on.

    The type is what the first bytes say, else what was declared. The same bytes again give the same
    reference. Raises PayloadTooLarge beyond `limit` bytes, InvalidRequest when `declared_length`
    was not true. Whatever fails, nothing is left behind.
    """
    if declared_length is not None and declared_length > limit:
        raise _too_large(limit)
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
        blob_cid, size = _receive(stream, spool, limit)
        if declared_length is not None and declared_length != size:
            raise InvalidRequest(
                f"Content-Length says {declared_length}, the body has {size} bytes"
            )
        mime_type = _sniff(spool) or _plain(declared_type)
        _store(repo, blob_cid, spool)
        # Bytes that are known keep the type that records may already quote.
        row = database.row(_STAGE, (repo.id, blob_cid, mime_type, size))
        database.hot().execute(_ATTACH, (repo.id, blob_cid))
        # The sweep may have taken the older upload's file away before the row was renewed.
        _store(repo, blob_cid, spool)
    return BlobRef(blob_cid, row[0], row[1]) if row else BlobRef(blob_cid, mime_type, size)


def open_blob(repo: RepoRow, blob_cid: bytes) -> OpenBlob:
    """A blob that a record refers to. Raises BlobNotFound for all others.

    Whether the repo itself may be read is the caller's question (`reads.active_repo`).
    """
    found = database.row(_FIND, (repo.id, blob_cid))
    if found is None or found[2] != "live":
        raise BlobNotFound(_NOT_FOUND)
    mime_type, size, _ = found
    try:
        file = storage().open(_path(repo.host_id, repo.did, blob_cid), "rb")
    except FileNotFoundError:
        raise BlobNotFound(_NOT_FOUND) from None
    return OpenBlob(BlobRef(blob_cid, mime_type, size), file)


def list_blobs(
    repo: RepoRow, limit: int = 500, cursor: bytes | None = None, since: str | None = None
) -> list[bytes]:
    """CIDs of the blobs that records refer to, in order, after `cursor`.

    `since` keeps those whose record changed after that rev.
    """
    found = database.rows(_USED, (repo.id, cursor or b"", since or "", limit))
    return [blob_cid for (blob_cid,) in found]


def check_uploaded(repo_id: int, refs: Sequence[BlobRef]) -> None:
    """Refuse references that differ from the upload: BlobNotFound, InvalidMimeType, InvalidSize."""
    found = database.rows(_FIND_ALL, (repo_id, [ref.cid for ref in refs]))
    uploads = {blob_cid: (mime_type, size) for blob_cid, mime_type, size in found}
    for ref in refs:
        if ref.cid not in uploads:
            raise not_uploaded(ref.cid)
        mime_type, size = uploads[ref.cid]
        if ref.mime_type != mime_type:
            raise InvalidMimeType(f"The blob's type is {mime_type}, not {ref.mime_type}")
        if ref.size != size:
            raise InvalidSize(f"The blob has {size} bytes, not {ref.size}")


def not_uploaded(blob_cid: bytes) -> BlobNotFound:
    """The refusal of a record whose blob nobody uploaded; getBlob's own names no blob."""
    return BlobNotFound(f"Could not find blob: {cid.to_text(blob_cid)}")


def storage() -> Storage:
    """Where blobs' bytes are."""
    return storages["blobs"]


def remove_file(host_id: int, did: str, blob_cid: bytes) -> None:
    """Delete a blob's bytes. Its row must be gone in the caller's transaction."""
    storage().delete(_path(host_id, did, blob_cid))


def _receive(stream: Readable, spool: IO[bytes], limit: int) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        digest.update(chunk)
        spool.write(chunk)
    return cid.raw_from_digest(digest.digest()), size


def _store(repo: RepoRow, blob_cid: bytes, spool: IO[bytes]) -> None:
    path = _path(repo.host_id, repo.did, blob_cid)
    if storage().exists(path):
        return
    spool.seek(0)
    stored_as = storage().save(path, File(spool))
    if stored_as != path:  # another upload of the same bytes was faster
        storage().delete(stored_as)


def _sniff(spool: IO[bytes]) -> str | None:
    spool.seek(0)
    head = spool.read(_HEAD_BYTES)
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    sure = [match.mime_type for match in matches if _is_sure(match)]
    return str(sure[0]) if sure else None


def _is_sure(match: puremagic.main.PureMagicWithConfidence) -> bool:
    signature, mime_type = bytes(match.byte_match), str(match.mime_type)
    length = _WORD_BYTES if signature.isascii() else _SIGNATURE_BYTES
    is_medium = mime_type.startswith(_MEDIA) and not mime_type.endswith("xml")
    return is_medium and len(signature) >= length


def _plain(declared_type: str | None) -> str:
    """A Content-Type without its parameters, in lower case."""
    return (declared_type or "").split(";")[0].strip().lower() or _UNKNOWN_TYPE


def _path(host_id: int, did: str, blob_cid: bytes) -> str:
    """Tenant first, so that a tenant's bytes can be moved, counted and removed on their own."""
    found = database.row(_TENANT, (host_id,))
    return f"{found[0] if found else host_id}/{did}/{cid.to_text(blob_cid)}"


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The blob is too large. Max: {limit} bytes")
