"""Legacy profiles (2022 and 2023), whose avatar and banner are blobs of the older form.

Source: atproto.com/specs/data-model, "Blob Type": the older form may be read, never written. People
who move in bring such profiles with them, and a client that edits one sends back the fields that it
leaves alone; so putRecord takes them and writes today's form.
"""

from typing import Any

from protocol import atjson, cid
from protocol.errors import InvalidRequest
from repos.blobs import blobs

_PROFILE = "app.bsky.actor.profile"
_FIELDS = ("avatar", "banner")


def renewed(repo_id: int, collection: str, record: object) -> object:
    """A record as parsed JSON, a profile's older blobs in today's form; anything else as it is.

    Raises InvalidRequest for what is no CID, BlobNotFound for what was not uploaded.
    """
    if collection != _PROFILE or not isinstance(record, dict):
        return record
    old = {field: record[field] for field in _FIELDS if atjson.is_legacy_blob(record.get(field))}
    return {**record, **{field: _renewed(repo_id, blob) for field, blob in old.items()}}


def _renewed(repo_id: int, old: dict[str, str]) -> dict[str, Any]:
    """Type and size are the upload's: the older form has no size, nobody checked its type."""
    try:
        blob_cid = cid.from_text(old["cid"])
    except cid.InvalidCid as fault:
        raise InvalidRequest(f"Not a blob's CID: {old['cid'][:100]}") from fault
    ref = blobs.uploaded(repo_id, [blob_cid]).get(blob_cid)
    if ref is None:
        raise blobs.not_uploaded(blob_cid)
    link = {"$link": cid.to_text(ref.cid)}
    return {"$type": "blob", "ref": link, "mimeType": ref.mime_type, "size": ref.size}
