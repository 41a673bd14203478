"""Blob uploads: received, hashed, measured, scanned, stored, and staged for a record.

Source: atproto.com/specs/blob and the lexicon com.atproto.repo.uploadBlob. Where the bytes lie, and
why a crash leaves none behind: repos.blobs.files.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from typing import IO, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import blobs, files, scanning
from repos.blobs.blob_refs import BlobRef
from repos.blobs.files import Place
from repos.blobs.types import declared_types, mime_types
from repos.models import Blob
from repos.reads.repos import RepoRow
from server.database import connection
from server.storage import free_space
from server.storage.temporary_files import TemporaryFile
from server.web.bodies.decoded_bodies import PayloadTooLarge, Readable

TypeCheck = Callable[[str], None]  # raises for a type that is not wanted
_PIECE_BYTES = 1_048_576  # smaller uploads never touch the disk before storage

# What is known when the bytes are all there. Bytes that are known are safe from the sweep anew.
_LOOK_UP = f"""
    WITH known AS (
        UPDATE blob SET changed_at = now() WHERE repo_id = %(repo)s AND cid = %(cid)b
        RETURNING mime_type, state)
    SELECT h.tenant_id, coalesce(h.blob_quota_bytes, %(quota)s::bigint), coalesce(u.used_bytes, 0),
        EXISTS (SELECT FROM account WHERE id = %(repo)s
            AND (uploads_blocked_at IS NOT NULL OR suspended_at IS NOT NULL)),
        k.mime_type, k.state, CASE WHEN %(is_vague)s THEN ARRAY({declared_types.NAMING}) END
    FROM host h LEFT JOIN known k ON true LEFT JOIN blob_usage u ON u.repo_id = %(repo)s
    WHERE h.id = %(host)s
"""  # noqa: S608 - constants only
_STAGE = "SELECT outcome, stored_type, used FROM stage_blob(%s::bigint, %b, %s, %s::bigint, %s, %s)"
# A record of an import may have been waiting for these bytes. A statement of its own: it must see
# what was committed after the row was there (imports.applying.attach_blobs is the other half).
_ATTACH = """
    UPDATE blob b SET state = 'live', changed_at = now()
    WHERE b.repo_id = %s AND b.cid = %b AND b.state = 'staged'
      AND EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
    RETURNING b.cid
"""


class BlobTooLarge(PayloadTooLarge):
    """413: more bytes than the host takes in a blob."""

    template = "The blob is too large. Max: {} bytes"


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

    message = "Blob has been takendown, cannot re-upload"


class UploadsBlocked(InvalidRequest):
    """400: the host's staff let this account upload nothing. Records still go in."""

    name = "UploadsBlocked"
    message = "This account may not upload files"
    page_text = _("Your account may not upload files at the moment.")


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are all there: in a seekable file, with their CID and their number."""

    file: IO[bytes]
    cid: bytes
    size: int


class _Facts(NamedTuple):
    """What _LOOK_UP tells. `quota` and `used` are bytes; `naming` are records that name the blob,
    where they were asked for."""

    tenant_id: int
    quota: int | None
    used: int
    is_blocked: bool
    known_type: str | None
    state: str | None
    naming: list[bytes] | None


def stage(  # noqa: PLR0913, PLR0917 - an upload has that many parts
    repo: RepoRow,
    stream: Readable,
    declared_type: str | None,
    declared_length: int | None,
    limit: int,
    file: IO[bytes] | None = None,
    check_type: TypeCheck | None = None,
) -> BlobRef:
    """Store an upload, hashed and measured as it comes in; a record may refer to it from now on.

    Raises InvalidRequest when `declared_length` was not true, and what `receive` and `keep` raise.
    Whatever fails, nothing stays behind for longer than a day.
    """
    if declared_length is not None and declared_length > limit:
        raise BlobTooLarge(limit)
    with receive(stream, limit, file) as received:
        if declared_length is not None and declared_length != received.size:
            raise InvalidRequest(
                f"Content-Length says {declared_length}, the body has {received.size} bytes"
            )
        return keep(repo, received, declared_type, check_type)


@contextmanager
def receive(stream: Readable, limit: int, file: IO[bytes] | None = None) -> Iterator[Received]:
    """What a stream gives, in a file: in `file`, where the very same bytes lie already, else in one
    of our own, which is on the disk when there is more than a piece.

    Raises BlobTooLarge beyond `limit` bytes, InsufficientStorage.
    """
    digest, size = hashlib.sha256(), 0
    free_space.check(files.local_folders())
    first, second = stream.read(_PIECE_BYTES), stream.read(_PIECE_BYTES)
    is_written_down = file is None and bool(second)
    with _place(file, first, is_long=is_written_down) as kept:
        for piece in chain((first, second), iter(lambda: stream.read(_PIECE_BYTES), b"")):
            size += len(piece)
            if size > limit:
                raise BlobTooLarge(limit)
            digest.update(piece)
            if is_written_down:
                kept.write(piece)
        yield Received(kept, cid.raw_from_digest(digest.digest()), size)


def keep(
    repo: RepoRow,
    received: Received,
    declared_type: str | None,
    check_type: TypeCheck | None = None,
) -> BlobRef:
    """Store bytes and stage them.

    The type is what the bytes say, else what was declared, else what a record that waits for them
    says (repos.blobs.types.mime_types). The same bytes again give the same reference, unless the
    type was a guess. Raises UploadsBlocked, BlobQuotaExceeded, BlobTakendown, StorageTimedOut, what
    a scanner says (repos.blobs.scanning), and what `check_type` does of the type.
    """
    declared = mime_types.plain(declared_type)
    facts = _look_up(repo, received.cid, is_vague=mime_types.is_vague(declared))
    if facts.naming:
        declared = declared_types.telling_type_in(facts.naming, received.cid) or declared
    mime_type = mime_types.type_of(received.file, declared)
    if check_type is not None:
        check_type(mime_type)
    ref = BlobRef(received.cid, mime_type, received.size)
    scanning.scan(repo.host_id, ref, received.file)
    kept = _keep(repo, ref, received.file, facts, is_said=mime_type == declared)
    connection.row(_ATTACH, (repo.id, received.cid))
    return kept


def _place(
    file: IO[bytes] | None, first: bytes, *, is_long: bool
) -> AbstractContextManager[IO[bytes]]:
    if file is not None:
        return nullcontext(file)
    return TemporaryFile() if is_long else io.BytesIO(first)


def _look_up(repo: RepoRow, blob_cid: bytes, *, is_vague: bool) -> _Facts:
    """`is_vague`: what is declared says nothing, so records that name the blob are read too. Raises
    UploadsBlocked, BlobTakendown."""
    params = {
        "repo": repo.id,
        "host": repo.host_id,
        "cid": blob_cid,
        "quota": settings.BLOB_QUOTA_BYTES or None,
        "is_vague": is_vague,
    }
    row = connection.row(_LOOK_UP, params)
    if row is None:
        raise RuntimeError(f"host {repo.host_id} of {repo.did} is gone")
    facts = _Facts(*row)
    if facts.is_blocked:
        raise UploadsBlocked
    if facts.state == Blob.State.QUARANTINED:
        raise BlobTakendown
    return facts


def _keep(repo: RepoRow, ref: BlobRef, file: IO[bytes], facts: _Facts, *, is_said: bool) -> BlobRef:
    """`is_said`: the type was declared, not guessed from the bytes."""
    known_type, quota = facts.known_type, facts.quota
    if known_type is not None:
        # A guess may be corrected as long as no record has it.
        is_open = is_said and facts.state == Blob.State.STAGED
        if is_open and known_type == mime_types.type_of(file, None):
            return _learned(repo.id, ref, known_type)
        return _known(repo.id, ref, known_type)
    if quota is not None and facts.used + ref.size > quota:
        raise BlobQuotaExceeded(quota, facts.used)
    key = files.new_key(Place.PUBLIC, facts.tenant_id, repo.did, ref.cid)
    files.write(key, file)
    return take_over(repo, ref, key, quota)


def take_over(repo: RepoRow, ref: BlobRef, key: str, quota: int | None) -> BlobRef:
    """Give the written file its row. What was true before the write may be so no more."""
    row = connection.row(_STAGE, (repo.id, ref.cid, ref.mime_type, ref.size, key, quota))
    outcome, stored_type, used = row or ("late", None, None)
    if outcome == "kept":
        return ref
    files.remove([key])
    if outcome == "known":  # another upload of the same bytes was faster
        return _known(repo.id, ref, stored_type or "")
    if outcome == "quarantined":
        raise BlobTakendown
    if outcome == "full":
        raise BlobQuotaExceeded(quota or 0, used)
    raise files.StorageTimedOut("The upload took too long")


def _known(repo_id: int, ref: BlobRef, known_type: str) -> BlobRef:
    """The reference of bytes that were there. Their type stays, since records may have it, unless
    it says nothing."""
    if mime_types.is_vague(known_type) and not mime_types.is_vague(ref.mime_type):
        return _learned(repo_id, ref, known_type)
    return replace(ref, mime_type=known_type)


def _learned(repo_id: int, ref: BlobRef, known_type: str) -> BlobRef:
    """The reference with its type in the place of the one that was known; with a third where
    another upload was quicker."""
    if declared_types.learn(repo_id, ref.cid, known_type, ref.mime_type):
        return ref
    return blobs.uploaded(repo_id, [ref.cid]).get(ref.cid, ref)
