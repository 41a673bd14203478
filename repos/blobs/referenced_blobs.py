"""Referenced blobs: those a stored record names, in whatever form its old host allowed.

Source: atproto.com/specs/data-model, "Blob Type", the older form included; migrations
import the records first, so all of them are only expected for now.
"""

from typing import Any

from protocol import atjson, cbor, cid

MARK = b"mimeType"  # a field of both forms: a record whose bytes lack it names no blob


def blobs_named(value: Any) -> dict[bytes, Any]:
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
