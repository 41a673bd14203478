"""Blob files in the storage: a crash at any moment leaves none that no row knows.

Every file has a key of its own, `{public|quarantine}/{tenant}/{shard}/{did}/{cid}.{random}`, and no
key is ever written twice: whoever removes an old file cannot hit the one that took its place. The
key's deletion is scheduled in the database before its file is written, and cancelled by the row
that takes it over, in the row's own transaction (models.FileDeletion). The archives of accounts
lie beside them; their deletion stays scheduled, for the day when they expire.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import IO, Final

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from protocol import cid
from protocol.errors import XrpcError
from server.database import connection
from server.storage.temporary_files import TemporaryFile

# How long a file may wait for its row. stage_blob and _move insist on an hour more than is left to
# the purge, so that the two never meet.
UNCLAIMED_FOR: Final = timedelta(hours=24)
BATCH = 200

_SCHEDULE = "INSERT INTO file_deletion (key, due_at) VALUES (%s, now() + %s) RETURNING key"
# The claim: others leave these keys alone for an hour, and a failure is tried again after it.
_CLAIM = """
    UPDATE file_deletion SET due_at = now() + interval '1 hour' WHERE key IN (
        SELECT key FROM file_deletion WHERE due_at <= %s
        ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING key
"""
_RESCHEDULE = "UPDATE file_deletion SET due_at = %s WHERE key = %s RETURNING key"
_FORGET = "DELETE FROM file_deletion WHERE key = ANY (%s) RETURNING key"


class Place(Enum):
    """The first part of a key."""

    PUBLIC = "public"
    QUARANTINE = "quarantine"
    ARCHIVES = "archives"


class StorageTimedOut(XrpcError):
    """504: the storage did not take the bytes in time, or did not give them."""

    name = "UpstreamTimeout"
    status = 504


def storage() -> Storage:
    """Where blobs' bytes are."""
    return storages["blobs"]


def local_folders() -> list[str]:
    """Where blobs lie on a local disk, of which only so much may be used; S3 has none here."""
    location = getattr(storage(), "location", None)
    return [location] if isinstance(location, str) else []


def are_local() -> bool:
    """Whether they are files of this machine."""
    return isinstance(storage(), FileSystemStorage)


def new_key(place: Place, tenant_id: int, did: str, blob_cid: bytes) -> str:
    """A key that no file has had. Tenants come first, so that one's bytes can be moved or counted;
    then 256 shards, so that no folder grows with the number of accounts."""
    return f"{place.value}/{tenant_id}/{new_name(did, blob_cid)}"


def new_name(did: str, blob_cid: bytes) -> str:
    """What of such a key follows the tenant."""
    return f"{shard_of(did)}/{did}/{cid.to_text(blob_cid)}.{secrets.token_hex(8)}"


def new_archive_key(tenant_id: int, did: str) -> str:
    """The same for an account's archive."""
    name = f"{secrets.token_hex(16)}.zip"
    return f"{Place.ARCHIVES.value}/{tenant_id}/{shard_of(did)}/{did}/{name}"


def shard_of(did: str) -> str:
    """Two hex digits, evenly spread whatever the DID's method."""
    return hashlib.sha256(did.encode()).hexdigest()[:2]


def write(key: str, file: IO[bytes]) -> None:
    """Write a new file, to be deleted unless a row takes it over. Raises StorageTimedOut."""
    connection.row(_SCHEDULE, (key, UNCLAIMED_FOR))
    write_scheduled(key, file)


def write_checked(key: str, pieces: Iterable[bytes], blob_cid: bytes) -> int | None:
    """Write a new file once all of it is here and is what its CID says; its size in bytes. None:
    it is not, and nothing was written. Raises what `write` does, and InsufficientStorage."""
    digest = hashlib.sha256()
    with TemporaryFile() as waiting:
        for piece in pieces:
            digest.update(piece)
            waiting.write(piece)
        if not blob_cid.endswith(digest.digest()):
            return None
        size = waiting.tell()
        write(key, waiting)
    return size


def write_scheduled(key: str, file: IO[bytes]) -> None:
    """The same for a key whose deletion the caller has scheduled."""
    if file.seekable():
        file.seek(0)
    try:
        stored_as = storage().save(key, File(file))
    except TimeoutError as fault:
        raise StorageTimedOut("The storage did not answer in time") from fault
    if stored_as != key:
        raise RuntimeError(f"the storage wrote {stored_as} for {key}")


def delete_at(key: str, moment: datetime) -> bool:
    """Move a scheduled deletion to that moment; false when the file went already."""
    return connection.row(_RESCHEDULE, (moment, key)) is not None


def read(key: str) -> IO[bytes]:
    """Open a file; the reader closes it. Raises FileNotFoundError, StorageTimedOut."""
    try:
        return storage().open(key, "rb")
    except TimeoutError as fault:
        raise StorageTimedOut("The storage did not answer in time") from fault


def remove(keys: Sequence[str]) -> None:
    """Remove files and their scheduled deletions. Repeatable."""
    for key in keys:
        storage().delete(key)
    forget(keys)


def forget(keys: Sequence[str]) -> None:
    """Call the deletions of files off; of those, too, that were never written."""
    connection.rows(_FORGET, (list(keys),))


def purge(due_before: datetime) -> int:
    """Remove every file whose deletion is due; returns how many."""
    count = 0
    while keys := [key for (key,) in connection.rows(_CLAIM, (due_before, BATCH))]:
        remove(keys)
        count += len(keys)
    return count
