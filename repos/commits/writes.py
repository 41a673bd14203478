"""Writes: each is about one record, and checked and encoded before the repo is asked.

Source: the lexicons com.atproto.repo.createRecord, putRecord, deleteRecord and applyWrites. What
depends on the repo (is the key taken, did the record change meanwhile, was the blob uploaded) is
decided by repos.commits.group_commit.
"""

import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from accounts.identity.handles.slurs import has_slur
from protocol import atjson, cbor, cid, syntax
from protocol.errors import InvalidRequest
from repos.blobs import blob_refs
from repos.blobs.blob_refs import BlobRef
from repos.lexicons import record_types
from repos.state.clock_ids import own_clock

MAX_RECORD_BYTES = 1_000_000

# Collections in which a second record about the same subject takes the first one's place.
_SUBJECTS: Final = {
    "app.bsky.feed.like": ("subject", "uri"),
    "app.bsky.feed.repost": ("subject", "uri"),
    "app.bsky.graph.follow": ("subject",),
    "app.bsky.graph.block": ("subject",),
}
# An index entry of Postgres holds at most 2,700 bytes; no honest subject comes near.
_MAX_SUBJECT_LENGTH = 2_000


class Swap(Enum):
    """Says nothing about the record that was there; None would say that there must be none."""

    ANY = "any"


class Action(Enum):
    """What is wished, and what the repo must hold for it."""

    CREATE = "create"  # the key is free
    PUT = "put"  # create or update, as may be
    UPDATE = "update"  # the record is there
    DELETE = "delete"  # the record is there
    DISCARD = "discard"  # delete, or nothing to do


@dataclass(frozen=True, slots=True)
class Write:
    """A checked write. `cid` and `block` are None for the two kinds of removal.

    `subject` is set in the collections where one subject has one record. `validation_status` is the
    lexicon's word ("valid", "unknown"), None when the caller asked not to check.
    """

    action: Action
    collection: str
    rkey: str
    cid: bytes | None = None
    block: bytes | None = None
    blobs: tuple[BlobRef, ...] = ()
    subject: str | None = None
    validation_status: str | None = None
    swap_record: bytes | Swap | None = Swap.ANY

    @property
    def path(self) -> str:
        """The key in the tree: `collection/rkey`."""
        return f"{self.collection}/{self.rkey}"


_rkey_clock = own_clock()
_rkey_lock = threading.Lock()


def create(
    collection: str, rkey: str | None, record: object, validate: bool | None = None
) -> Write:
    """A record at a key that must be free; without one, the lexicon's literal key or a new TID.

    `record` is parsed JSON. `validate`: True insists on a known lexicon, None checks if it is
    known, False checks the data model alone. Raises InvalidRequest, LexiconError.
    """
    return _store(Action.CREATE, collection, rkey or _new_rkey(collection), record, validate)


def put(
    collection: str,
    rkey: str,
    record: object,
    validate: bool | None = None,
    swap_record: bytes | Swap | None = Swap.ANY,
) -> Write:
    """A record at a key, whether new there or not (putRecord). Arguments as for `create`."""
    return _store(Action.PUT, collection, rkey, record, validate, swap_record)


def update(collection: str, rkey: str, record: object, validate: bool | None = None) -> Write:
    """A new value for a record that must be there (applyWrites#update)."""
    return _store(Action.UPDATE, collection, rkey, record, validate)


def delete(collection: str, rkey: str) -> Write:
    """The end of a record that must be there (applyWrites#delete)."""
    return _remove(Action.DELETE, collection, rkey, Swap.ANY)


def discard(collection: str, rkey: str, swap_record: bytes | Swap | None = Swap.ANY) -> Write:
    """The end of a record; nothing happens when there is none (deleteRecord)."""
    return _remove(Action.DISCARD, collection, rkey, swap_record)


def swap_cid(text: str) -> bytes:
    """A `swapRecord` or `swapCommit` as a client sends it. Raises InvalidRequest."""
    try:
        return cid.from_text(text)
    except cid.InvalidCid as fault:
        raise InvalidRequest(f"Invalid CID to swap: {text[:100]}") from fault


def subject_of(collection: str, value: dict[str, Any]) -> str | None:
    """What a like, repost, follow or block is about; None for all other records."""
    subject: Any = value
    for key in _SUBJECTS.get(collection, ()):
        subject = subject.get(key) if isinstance(subject, dict) else None
    if not isinstance(subject, str) or len(subject) > _MAX_SUBJECT_LENGTH:
        return None
    return subject if subject.isascii() and subject.isprintable() else None


def _store(  # noqa: PLR0913, PLR0917 - one field of the write each
    action: Action,
    collection: str,
    rkey: str,
    record: object,
    validate: bool | None,
    swap_record: bytes | Swap | None = Swap.ANY,
) -> Write:
    if not syntax.is_record_path(collection, rkey):
        raise _path_fault(collection, rkey)
    if not syntax.is_tid(rkey) and has_slur(rkey):  # letters of a clock spell nothing on purpose
        raise InvalidRequest("Unacceptable slur in record key")
    block = _block(collection, record)
    if len(block) > MAX_RECORD_BYTES:
        raise InvalidRequest(f"The record is too large. Max: {MAX_RECORD_BYTES} bytes")
    value = cbor.decode(block)
    status = None
    if validate is not False:
        status = _check_lexicon(collection, rkey, value, len(block), validate)
    return Write(
        action=action,
        collection=collection,
        rkey=rkey,
        cid=cid.of_dag_cbor(block),
        block=block,
        blobs=blob_refs.in_new_record(value),
        subject=subject_of(collection, value),
        validation_status=status,
        swap_record=swap_record,
    )


def _remove(action: Action, collection: str, rkey: str, swap_record: bytes | Swap | None) -> Write:
    # In either case: records in App.Bsky.* were let in once, and their owners may remove them.
    if not syntax.is_nameable(collection, rkey):
        raise _path_fault(collection, rkey)
    return Write(action, collection, rkey, swap_record=swap_record)


def _path_fault(collection: str, rkey: str) -> InvalidRequest:
    if not syntax.is_nsid(collection):
        return InvalidRequest(f"The collection must be an NSID: {collection[:100]}")
    if not syntax.is_collection(collection):
        return InvalidRequest(
            f"The collection must have its domain in lower case: {collection[:100]}"
        )
    return InvalidRequest(f"Invalid record key: {rkey[:100]}")


def _block(collection: str, record: object) -> bytes:
    """The record encoded, `$type` filled in when it is absent."""
    if not isinstance(record, dict):
        raise InvalidRequest("The record must be an object")
    stated = record.get("$type", collection)
    if stated != collection:
        raise InvalidRequest(f"Invalid $type: expected {collection}, got {str(stated)[:100]}")
    try:
        return atjson.to_cbor({"$type": collection, **record})
    except atjson.DataModelError as fault:
        raise InvalidRequest(f"The record is not valid data: {fault}") from fault


def _check_lexicon(
    collection: str, rkey: str, value: dict[str, Any], size_bytes: int, validate: bool | None
) -> str:
    known = record_types.find(collection)
    if known is None or not known.can_check(size_bytes):
        if validate:
            raise InvalidRequest(f"Unknown lexicon type: {collection}")
        return "unknown"
    known.record_type.check_rkey(rkey)
    known.check(value)
    return "valid"


def _new_rkey(collection: str) -> str:
    known = record_types.find(collection)
    if known is not None and known.literal_rkey is not None:
        return known.literal_rkey
    with _rkey_lock:
        return _rkey_clock.next(time.time_ns() // 1000)
