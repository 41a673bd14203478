"""Blob uploads: received, hashed, measured, scanned, stored, and staged for a record.

Source: atproto.com/specs/blob and the lexicon com.atproto.repo.uploadBlob. Where the bytes lie, and
why a crash leaves none behind: repos.blobs.files.
"""

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from typing import IO, Final

from django.conf import settings

from hosting.plans import quotas
from hosting.plans.limits import Limit
from protocol import cid
from protocol.errors import InvalidRequest, XrpcError
from repos.blobs import blobs, files, scanning, upload_admission
from repos.blobs.blob_refs import BlobRef
from repos.blobs.types import declared_types, mime_types
from repos.blobs.upload_admission import BlobQuotaExceeded, BlobTakendown, BlobTooLarge, Facts
from repos.models import Blob
from repos.reads.repos import RepoRow
from server.database.prepared import (
    BIGINT,
    BYTEA,
    TEXT,
    Statement,
    bigint,
    bigint_or_null,
    number_or_none,
    text_or_none,
)
from server.storage import free_space
from server.storage.temporary_files import TemporaryFile
from server.web.bodies.decoded_bodies import Readable

TypeCheck = Callable[[str], None]  # raises for a type that is not wanted
_PIECE_BYTES = 1_048_576  # smaller uploads never touch the disk before storage
_STAGE = Statement(
    "SELECT outcome, stored_type, used FROM stage_blob($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    (BIGINT, BYTEA, TEXT, BIGINT, TEXT, BIGINT, BIGINT, BIGINT, BIGINT, BIGINT),
)
_FULL: Final = {str(limit): limit for limit in Limit}
_AT_ONCE_MAX: Final = 200  # uploads that a database's connections can have under way
# A record of an import may have been waiting for these bytes. A statement of its own: it must see
# what was committed after the row was there (imports.applying.attach_blobs is the other half).
_ATTACH = Statement(
    """
    UPDATE blob b SET state = 'live', changed_at = now()
    WHERE b.repo_id = $1 AND b.cid = $2 AND b.state = 'staged'
      AND EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
    RETURNING b.cid
    """,
    (BIGINT, BYTEA),
)


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are all there: in a seekable file, with their CID and their number."""

    file: IO[bytes]
    cid: bytes
    size: int


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
    if mime_types.is_vague(declared):
        declared = declared_types.telling_type(repo.id, received.cid) or declared
    facts = upload_admission.look_up(repo, received.cid, received.size)
    try:
        upload_admission.check_day(repo, facts)
        mime_type = mime_types.type_of(received.file, declared)
        if check_type is not None:
            check_type(mime_type)
        ref = BlobRef(received.cid, mime_type, received.size)
        scanning.scan(repo.host_id, ref, received.file)
    except XrpcError:
        files.forget([] if facts.key is None else [facts.key])
        raise
    kept = _keep(repo, ref, received.file, facts, is_said=mime_type == declared)
    _ATTACH.rows(bigint(repo.id), received.cid)
    return kept


def _place(
    file: IO[bytes] | None, first: bytes, *, is_long: bool
) -> AbstractContextManager[IO[bytes]]:
    if file is not None:
        return nullcontext(file)
    return TemporaryFile() if is_long else io.BytesIO(first)


def _keep(repo: RepoRow, ref: BlobRef, file: IO[bytes], facts: Facts, *, is_said: bool) -> BlobRef:
    """`is_said`: the type was declared, not guessed from the bytes."""
    known_type = facts.known_type
    if known_type is not None:
        # A guess may be corrected as long as no record has it.
        is_open = is_said and facts.state == Blob.State.STAGED
        if is_open and known_type == mime_types.type_of(file, None):
            return _learned(repo.id, ref, known_type)
        return _known(repo.id, ref, known_type)
    if facts.key is None:
        raise BlobQuotaExceeded(Limit.ACCOUNT_BLOB_BYTES, facts.quota or 0, facts.used)
    files.write_scheduled(facts.key, file)
    return take_over(repo, ref, facts.key, upload_admission.limits_of(repo, facts))


def take_over(repo: RepoRow, ref: BlobRef, key: str, limits: Mapping[Limit, int | None]) -> BlobRef:
    """Give the written file its row. What was true before the write may be so no more."""
    rows = _STAGE.rows(
        bigint(repo.id),
        ref.cid,
        ref.mime_type.encode(),
        bigint(ref.size),
        key.encode(),
        bigint_or_null(limits.get(Limit.ACCOUNT_BLOB_BYTES)),
        bigint_or_null(limits.get(Limit.ACCOUNT_UPLOADS_A_DAY)),
        bigint(quotas.of_host(repo.host_id).tenant_id),
        bigint_or_null(limits.get(Limit.BLOB_BYTES)),
        bigint(_AT_ONCE_MAX * int(settings.BLOB_LIMIT_BYTES)),
    )
    outcome, stored_type, used = (
        text_or_none(rows[0][0]),
        text_or_none(rows[0][1]),
        number_or_none(rows[0][2]),
    )
    if outcome == "kept":
        return ref
    files.remove([key])
    if outcome == "known":  # another upload of the same bytes was faster
        return _known(repo.id, ref, stored_type or "")
    if outcome == "quarantined":
        raise BlobTakendown
    if (full := _FULL.get(outcome or "")) is not None:
        raise BlobQuotaExceeded(full, limits[full] or 0, used or 0)
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
