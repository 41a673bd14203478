"""Blob references inside record values.

Source: atproto.com/specs/data-model, "Blob Type". protocol.atjson has checked their form; the older
form (`cid` and `mimeType`) is read where it is stored, but no longer taken in.
"""

from dataclasses import dataclass
from typing import Any

from protocol import atjson
from protocol.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class BlobRef:
    """What a record says of a blob; the upload decides whether it is true."""

    cid: bytes
    mime_type: str
    size: int


def find(value: Any) -> tuple[BlobRef, ...]:
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
