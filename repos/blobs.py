"""Blobs: staged by an upload, attached by a record, served while live, swept when not needed.

Source: atproto.com/specs/blob and the lexicons com.atproto.repo.uploadBlob, sync.getBlob and
sync.listBlobs. Which state may follow which: repos.blob_states; where the bytes are, and why a
crash leaves none behind: repos.blob_files.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import IO, Protocol

from django.conf import settings

from hosting import database, free_space
from hosting.temporary_files import TemporaryFile
from protocol import cid
from protocol.errors import InvalidRequest, XrpcError
from repos import blob_files, blob_quotes, blob_scanning, blob_types
from repos.blob_files import Place
from repos.blob_refs import BlobRef
from repos.models import Blob
from repos.reads import RepoRow

_PIECE_BYTES = 1_048_576  # smaller uploads never touch the disk before storage

# What is known when the bytes are all there. Bytes that are known are safe from the sweep anew.
_ARRIVE = """
    WITH known AS (
        UPDATE blob SET changed_at = now() WHERE repo_id = %s AND cid = %b
        RETURNING mime_type, state)
    SELECT h.tenant_id, h.blob_quota_bytes, coalesce(u.used_bytes, 0), k.mime_type, k.state
    FROM host h LEFT JOIN known k ON true LEFT JOIN blob_usage u ON u.repo_id = %s
    WHERE h.id = %s
"""
_STAGE = "SELECT outcome, stored_type, used FROM stage_blob(%s::bigint, %b, %s, %s::bigint, %s, %s)"
# A record of an import may have been waiting for these bytes. A statement of its own: it must see
# what was committed after the row was there (imports.applying.attach_blobs is the other half).
_ATTACH = """
    UPDATE blob b SET state = 'live', changed_at = now()
    WHERE b.repo_id = %s AND b.cid = %b AND b.state = 'staged'
      AND EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
    RETURNING b.cid
"""
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


class BlobQuotaExceeded(InvalidRequest):
    """400: the account's blobs would come to more than its host allows. Records still go in.

    `limit_bytes` is the host's quota, `used_bytes` what the account's blobs come to already.
    """

    name = "BlobQuotaExceeded"

    def __init__(self, limit_bytes: int, used_bytes: int) -> None:
        super().__init__(f"The account's blobs take {used_bytes} of {limit_bytes} bytes")
        self.limit_bytes = limit_bytes
        self.used_bytes = used_bytes


class BlobTakendown(InvalidRequest):
    """400 without a name of its own: these bytes were taken down in this repo."""

    def __init__(self) -> None:
        super().__init__("Blob has been takendown, cannot re-upload")


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

    The type is what the bytes say, else what was declared, else what a record that waits for them
    says (repos.blob_types). The same bytes again give the same reference, unless the type was a
    guess. Raises PayloadTooLarge beyond `limit` bytes, InvalidRequest when `declared_length`
    was not true, InsufficientStorage, BlobQuotaExceeded, BlobTakendown, StorageTimedOut, and what a
    scanner says (repos.blob_scanning). Whatever fails, nothing stays behind for longer than a day.
    """
    if declared_length is not None and declared_length > limit:
        raise _too_large(limit)
    with _received(stream, limit) as (file, blob_cid, size):
        if declared_length is not None and declared_length != size:
            raise InvalidRequest(
                f"Content-Length says {declared_length}, the body has {size} bytes"
            )
        declared = _declared(repo.id, blob_cid, declared_type)
        ref = BlobRef(blob_cid, blob_types.type_of(file, declared), size)
        blob_scanning.scan(repo.host_id, ref, file)
        kept = _keep(repo, ref, file, is_said=ref.mime_type == declared)
    database.row(_ATTACH, (repo.id, blob_cid))
    return kept


def open_blob(repo: RepoRow, blob_cid: bytes) -> OpenBlob:
    """A blob that a record refers to. Raises BlobNotFound for all others, StorageTimedOut.

    Whether the repo itself may be read is the caller's question (`reads.active_repo`).
    """
    while True:
        found = database.row(_FIND, (repo.id, blob_cid))
        if found is None or found[2] != Blob.State.LIVE:
            raise BlobNotFound(_NOT_FOUND)
        mime_type, size, _, key = found
        try:
            file = blob_files.storage().open(key, "rb")
        except FileNotFoundError:
            if _has_moved(repo.id, blob_cid, key):
                continue
            raise BlobNotFound(_NOT_FOUND) from None
        except TimeoutError as fault:
            raise blob_files.StorageTimedOut("The storage did not answer in time") from fault
        return OpenBlob(BlobRef(blob_cid, mime_type, size), file)


def list_blobs(
    repo: RepoRow, limit: int = 500, cursor: bytes | None = None, since: str | None = None
) -> list[bytes]:
    """CIDs of the blobs that records refer to, in the order of their text, after `cursor`.

    `since` keeps those whose record changed after that rev.
    """
    found = database.rows(_USED, (repo.id, since or "", cursor, limit))
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
        if ref.mime_type != upload.mime_type and not _is_quoted(repo_id, ref):
            raise InvalidMimeType(f"The blob's type is {upload.mime_type}, not {ref.mime_type}")
        if ref.size != upload.size:
            raise InvalidSize(f"The blob has {upload.size} bytes, not {ref.size}")


def uploaded(repo_id: int, cids: Sequence[bytes]) -> dict[bytes, BlobRef]:
    """What is known of those blobs that a record may refer to, by CID."""
    found = database.rows(_FIND_ALL, (repo_id, list(cids)))
    return {blob_cid: BlobRef(blob_cid, mime_type, size) for blob_cid, mime_type, size in found}


def not_uploaded(blob_cid: bytes) -> BlobNotFound:
    """The refusal of a record whose blob nobody uploaded; getBlob's own names no blob."""
    return BlobNotFound(f"Could not find blob: {cid.to_text(blob_cid)}")


def has_file(host_id: int, did: str, blob_cid: bytes) -> bool:
    """Whether the storage holds a blob's bytes, for repairs and checks."""
    found = database.row(_FIND_KEY, (host_id, did, blob_cid))
    return found is not None and blob_files.storage().exists(found[0])


@contextmanager
def _received(stream: Readable, limit: int) -> Iterator[tuple[IO[bytes], bytes, int]]:
    """An upload as a file, its CID and its size: one piece as it came, more of them on the disk.

    Raises PayloadTooLarge.
    """
    digest, size = hashlib.sha256(), 0
    folders = _folders()
    free_space.check(folders)
    first, second = stream.read(_PIECE_BYTES), stream.read(_PIECE_BYTES)
    with TemporaryFile() if second else io.BytesIO(first) as file:
        for piece in chain((first, second), iter(lambda: stream.read(_PIECE_BYTES), b"")):
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            digest.update(piece)
            if second:
                free_space.check(folders)
                file.write(piece)
        yield file, cid.raw_from_digest(digest.digest()), size


def _declared(repo_id: int, blob_cid: bytes, declared_type: str | None) -> str:
    """What is declared of an upload: in its header, else in a record that names it."""
    declared = blob_types.plain(declared_type)
    if not blob_types.is_vague(declared):
        return declared
    return blob_quotes.telling_type_of(repo_id, blob_cid) or declared


def _is_quoted(repo_id: int, ref: BlobRef) -> bool:
    return ref.mime_type in blob_quotes.types_of(repo_id, ref.cid)


def _keep(repo: RepoRow, ref: BlobRef, file: IO[bytes], *, is_said: bool) -> BlobRef:
    """`is_said`: the type was declared, not guessed from the bytes."""
    arrival = database.row(_ARRIVE, (repo.id, ref.cid, repo.id, repo.host_id))
    if arrival is None:
        raise RuntimeError(f"host {repo.host_id} of {repo.did} is gone")
    tenant_id, quota, used, known_type, state = arrival
    quota = quota if quota is not None else settings.BLOB_QUOTA_BYTES or None
    if state == Blob.State.QUARANTINED:
        raise BlobTakendown
    if known_type is not None:
        # A guess may be corrected as long as no record quotes it.
        is_open = is_said and state == Blob.State.STAGED
        if is_open and known_type == blob_types.type_of(file, None):
            return _learned(repo.id, ref, known_type)
        return _known(repo.id, ref, known_type)
    if quota is not None and used + ref.size > quota:
        raise BlobQuotaExceeded(quota, used)
    key = blob_files.new_key(Place.PUBLIC, tenant_id, repo.did, ref.cid)
    blob_files.write(key, file)
    return _take_over(repo, ref, key, quota)


def _take_over(repo: RepoRow, ref: BlobRef, key: str, quota: int | None) -> BlobRef:
    """Give the written file its row. What was true before the write may be so no more."""
    row = database.row(_STAGE, (repo.id, ref.cid, ref.mime_type, ref.size, key, quota))
    outcome, stored_type, used = row or ("late", None, None)
    if outcome == "kept":
        return ref
    blob_files.remove([key])
    if outcome == "known":  # another upload of the same bytes was faster
        return _known(repo.id, ref, stored_type or "")
    if outcome == "quarantined":
        raise BlobTakendown
    if outcome == "full":
        raise BlobQuotaExceeded(quota or 0, used)
    raise blob_files.StorageTimedOut("The upload took too long")


def _known(repo_id: int, ref: BlobRef, known_type: str) -> BlobRef:
    """The reference of bytes that were there: records may quote their type, unless it is none."""
    if blob_types.is_vague(known_type) and not blob_types.is_vague(ref.mime_type):
        return _learned(repo_id, ref, known_type)
    return replace(ref, mime_type=known_type)


def _learned(repo_id: int, ref: BlobRef, known_type: str) -> BlobRef:
    """The reference with its type in the place of the one that was known; with a third where
    another upload was quicker."""
    if blob_quotes.learn(repo_id, ref.cid, known_type, ref.mime_type):
        return ref
    return uploaded(repo_id, [ref.cid]).get(ref.cid, ref)


def _has_moved(repo_id: int, blob_cid: bytes, key: str) -> bool:
    found = database.row(_FIND, (repo_id, blob_cid))
    return found is not None and found[3] != key


def _folders() -> list[str]:
    """Where blobs lie on a local disk; temporary files look after themselves."""
    location = getattr(blob_files.storage(), "location", None)  # S3 has none here
    return [location] if isinstance(location, str) else []


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The blob is too large. Max: {limit} bytes")
