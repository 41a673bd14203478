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
from typing import IO, Final, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.status import AccountFrozen
from hosting.plans import quotas
from hosting.plans.limits import Limit
from hosting.plans.quotas import QuotaExceeded
from protocol import cid
from protocol.errors import InvalidRequest, XrpcError
from repos.blobs import blobs, files, scanning
from repos.blobs.blob_refs import BlobRef
from repos.blobs.files import Place
from repos.blobs.types import declared_types, mime_types
from repos.models import Blob
from repos.reads.repos import RepoRow
from server.database.prepared import BIGINT, BYTEA, TEXT, TRUE, Statement, bigint, number
from server.storage import free_space
from server.storage.temporary_files import TemporaryFile
from server.web.bodies.decoded_bodies import PayloadTooLarge, Readable

TypeCheck = Callable[[str], None]  # raises for a type that is not wanted
_PIECE_BYTES = 1_048_576  # smaller uploads never touch the disk before storage

# What is known when the bytes are all there. Bytes that are known are safe from the sweep anew. For
# others that fit the quota a file's deletion is scheduled, which comes before the file.
_LOOK_UP = Statement(
    """
    WITH known AS (
        UPDATE blob SET changed_at = now() WHERE repo_id = $1 AND cid = $3
        RETURNING mime_type, state
    ), own AS (
        SELECT limits FROM account_limits WHERE account_id = $1
    ), facts AS (
        SELECT coalesce(u.used_bytes, 0) AS used,
            CASE WHEN o.limits ? 'account-blob-bytes'
                THEN (o.limits ->> 'account-blob-bytes')::bigint ELSE $4 END AS quota,
            CASE WHEN o.limits ? 'account-uploads-a-day'
                THEN (o.limits ->> 'account-uploads-a-day')::bigint ELSE $9 END AS uploads,
            EXISTS (SELECT FROM blob_use WHERE repo_id = $1 AND cid = $3) AS is_awaited,
            (SELECT CASE WHEN held_at IS NOT NULL THEN 'held'
                WHEN coalesce(uploads_blocked_at, suspended_at) IS NOT NULL THEN 'blocked' END
                FROM account WHERE id = $1) AS refusal,
            format('%s/%s/%s', $6, h.tenant_id, $7) AS key
        FROM host h LEFT JOIN blob_usage u ON u.repo_id = $1 LEFT JOIN own o ON true
        WHERE h.id = $2
    ), room AS (
        SELECT CASE WHEN is_awaited THEN quota * $10 ELSE quota END AS quota, used,
            CASE WHEN NOT is_awaited THEN uploads END AS uploads, is_awaited, refusal, key
        FROM facts
    ), scheduled AS (
        INSERT INTO file_deletion (key, due_at) SELECT key, now() + $8 * interval '1 second'
        FROM room WHERE refusal IS NULL AND NOT EXISTS (SELECT FROM known)
            AND (quota IS NULL OR used + $5 <= quota)
        RETURNING key
    )
    SELECT r.quota, r.used, r.uploads, r.is_awaited, r.refusal, k.mime_type, k.state, s.key
    FROM room r LEFT JOIN known k ON true LEFT JOIN scheduled s ON true
    """,
    (BIGINT, BIGINT, BYTEA, BIGINT, BIGINT, TEXT, TEXT, BIGINT, BIGINT, BIGINT),
)
_STAGE = Statement(
    "SELECT outcome, stored_type, used FROM stage_blob($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    (BIGINT, BYTEA, TEXT, BIGINT, TEXT, BIGINT, BIGINT, BIGINT, BIGINT, BIGINT),
)
# Bytes that a record of an import waits for are let in beyond the quota, so that nobody moves in by
# half: up to so many times the quota, and whatever the tenant's.
MOVED_IN_TIMES: Final = 10
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


class BlobTooLarge(PayloadTooLarge):
    """413: more bytes than the host takes in a blob."""

    template = "The blob is too large. Max: {} bytes"


class BlobQuotaExceeded(QuotaExceeded):
    """413: the account's or the tenant's files would come to more than the plan allows, or are as
    many as it allows in a day. Records still go in."""

    name = "BlobQuotaExceeded"
    status = 413


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
    """What _LOOK_UP tells. `quota` and `used` are bytes, `uploads` new files in a day, `is_awaited`
    that a record waits for the bytes; `key` is the new file's, which is scheduled to be deleted."""

    quota: int | None
    used: int
    uploads: int | None
    is_awaited: bool
    known_type: str | None
    state: str | None
    key: str | None


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
    facts = _look_up(repo, received)
    try:
        _check_day(repo, facts)
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


def _look_up(repo: RepoRow, received: Received) -> _Facts:
    """Raises AccountFrozen, UploadsBlocked, BlobTakendown."""
    limits = quotas.of_host(repo.host_id).of_account
    rows = _LOOK_UP.rows(
        bigint(repo.id),
        bigint(repo.host_id),
        received.cid,
        _bigint(limits.get(Limit.ACCOUNT_BLOB_BYTES)),
        bigint(received.size),
        Place.PUBLIC.value.encode(),
        files.new_name(repo.did, received.cid).encode(),
        bigint(int(files.UNCLAIMED_FOR.total_seconds())),
        _bigint(limits.get(Limit.ACCOUNT_UPLOADS_A_DAY)),
        bigint(MOVED_IN_TIMES),
    )
    if not rows:
        raise RuntimeError(f"host {repo.host_id} of {repo.did} is gone")
    quota, used, uploads, is_awaited, refusal, *texts = rows[0]
    if refusal is not None:
        raise AccountFrozen if refusal == b"held" else UploadsBlocked
    numbers = _number(quota), number(used), _number(uploads)
    facts = _Facts(*numbers, is_awaited == TRUE, *map(_text, texts))
    if facts.state == Blob.State.QUARANTINED:
        raise BlobTakendown
    return facts


def _check_day(repo: RepoRow, facts: _Facts) -> None:
    """A tenant's new files of today, as of its last count. Raises BlobQuotaExceeded."""
    value, used = quotas.of_host(repo.host_id).of_tenant.get(Limit.UPLOADS_A_DAY, (None, 0))
    is_new = facts.known_type is None and not facts.is_awaited
    if value is not None and is_new and used + 1 > value:
        raise BlobQuotaExceeded(Limit.UPLOADS_A_DAY, value, used)


def _keep(repo: RepoRow, ref: BlobRef, file: IO[bytes], facts: _Facts, *, is_said: bool) -> BlobRef:
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
    return take_over(repo, ref, facts.key, _limits(repo, facts))


def _limits(repo: RepoRow, facts: _Facts) -> dict[Limit, int | None]:
    """What holds for these bytes."""
    known = quotas.of_host(repo.host_id)
    of_tenant = None if facts.is_awaited else known.of_tenant.get(Limit.BLOB_BYTES)
    return {
        Limit.ACCOUNT_BLOB_BYTES: facts.quota,
        Limit.ACCOUNT_UPLOADS_A_DAY: facts.uploads,
        Limit.BLOB_BYTES: of_tenant[0] if of_tenant else None,
    }


def take_over(repo: RepoRow, ref: BlobRef, key: str, limits: Mapping[Limit, int | None]) -> BlobRef:
    """Give the written file its row. What was true before the write may be so no more."""
    rows = _STAGE.rows(
        bigint(repo.id),
        ref.cid,
        ref.mime_type.encode(),
        bigint(ref.size),
        key.encode(),
        _bigint(limits.get(Limit.ACCOUNT_BLOB_BYTES)),
        _bigint(limits.get(Limit.ACCOUNT_UPLOADS_A_DAY)),
        bigint(quotas.of_host(repo.host_id).tenant_id),
        _bigint(limits.get(Limit.BLOB_BYTES)),
        bigint(_AT_ONCE_MAX * int(settings.BLOB_LIMIT_BYTES)),
    )
    outcome, stored_type, used = _text(rows[0][0]), _text(rows[0][1]), _number(rows[0][2])
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


def _bigint(value: int | None) -> bytes | None:
    return None if value is None else bigint(value)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _number(value: bytes | None) -> int | None:
    return None if value is None else number(value)


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
