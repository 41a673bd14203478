"""Blob references in records: strict in what is written, lenient in what is stored.

Source: atproto.com/specs/data-model, "Blob Type". The form of a written one is checked by
protocol.atjson before. The older form (`cid` and `mimeType`) is not taken in any more, but records
that a migration brings may have it, and whatever else their old host allowed; their blobs come
after them, so these are only expected for now.
"""

from dataclasses import dataclass
from typing import Any, Final

from protocol import atjson, cbor, cid
from protocol.errors import InvalidRequest

MARK: Final = b"mimeType"  # a field of both forms: a record whose bytes lack it names no blob


@dataclass(frozen=True, slots=True)
class BlobRef:
    """What a record says of a blob; the upload decides whether it is true."""

    cid: bytes
    mime_type: str
    size: int


def in_new_record(value: Any) -> tuple[BlobRef, ...]:
    """Every blob a record value refers to, each once. Raises InvalidRequest for the older form."""
    found: dict[BlobRef, None] = {}
    pending = [value]
    for item in pending:  # grows while it is walked
        if type(item) is list:
            pending.extend(item)
        elif type(item) is dict:
            if item.get("$type") == "blob":
                found[BlobRef(item["ref"].cid_bytes, item["mimeType"], item["size"])] = None
            elif atjson.is_legacy_blob(item):
                raise InvalidRequest("Legacy blob refs are not accepted: upload the blob anew")
            else:
                pending.extend(item.values())
    return tuple(found)


def in_stored_record(value: Any) -> dict[bytes, Any]:
    """CIDs of every blob in a decoded record, with the `mimeType` that each has there: any value.

    What only looks like a blob is passed over.
    """
    found: dict[bytes, Any] = {}
    pending = [value]
    for item in pending:  # grows while it is walked
        if type(item) is list:
            pending.extend(item)
        elif type(item) is dict:
            blob_cid = _blob_cid(item)
            if blob_cid is None:
                pending.extend(item.values())
            else:
                found[blob_cid] = item.get("mimeType")
    return found


def _blob_cid(item: dict[str, Any]) -> bytes | None:
    if item.get("$type") == "blob":
        ref = item.get("ref")
        raw = ref.cid_bytes if isinstance(ref, cbor.Link) else b""
    elif atjson.is_legacy_blob(item):
        raw = _read(item["cid"])
    else:
        return None
    return raw if cid.is_supported(raw) and cid.is_raw(raw) else None


def _read(text: str) -> bytes:
    try:
        return cid.from_text(text)
    except cid.InvalidCid:
        return b""
