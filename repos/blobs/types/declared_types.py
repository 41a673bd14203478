"""Declared MIME types: what stored records say about a blob.

Source: com.atproto.repo.importRepo and uploadBlob. An account that moves in brings its records
first, and many tools upload the blobs afterwards without saying what they are. A record that names
a type must be able to be written again with it.
"""

from collections.abc import Iterable
from typing import Any, Final

from protocol import cbor
from repos.blobs import blob_refs
from repos.blobs.types import mime_types
from server.database import connection

# Records of the repo `repo` that name the blob `cid`: as many as are looked at.
_NAMING: Final = """
    SELECT r.data FROM blob_use u JOIN record r USING (repo_id, collection, rkey)
    WHERE u.repo_id = %(repo)s AND u.cid = %(cid)b ORDER BY u.collection, u.rkey LIMIT 20
"""
_UNTYPED = """
    SELECT b.cid, b.mime_type FROM blob b WHERE b.repo_id = %s AND b.mime_type = ANY (%s)
      AND EXISTS (SELECT FROM blob_use u WHERE u.repo_id = b.repo_id AND u.cid = b.cid)
"""
_LEARN = """
    UPDATE blob SET mime_type = %s WHERE repo_id = %s AND cid = %b AND mime_type = %s
    RETURNING mime_type
"""


def types_of(repo_id: int, blob_cid: bytes) -> list[str]:
    """The types that the repo's records give a blob, each once and as it stands there: an old host
    may have let them say `*/*`, capitals or parameters."""
    return _types_in(_naming(repo_id, blob_cid), blob_cid)


def telling_type(repo_id: int, blob_cid: bytes) -> str | None:
    """The first type that a repo's records give a blob and that says something, as it would be
    declared."""
    types = map(mime_types.plain, _types_in(_naming(repo_id, blob_cid), blob_cid))
    return next((each for each in types if not mime_types.is_vague(each)), None)


def learn(repo_id: int, blob_cid: bytes, known_type: str, mime_type: str) -> bool:
    """Put a better type in the place of the one that is known. False when that is another now."""
    return connection.row(_LEARN, (mime_type, repo_id, blob_cid, known_type)) is not None


def learn_all(repo_id: int) -> None:
    """Give the blobs of which nothing is known the type that records name. Repeatable."""
    for blob_cid, known_type in connection.rows(_UNTYPED, (repo_id, list(mime_types.VAGUE))):
        if mime_type := telling_type(repo_id, blob_cid):
            learn(repo_id, blob_cid, known_type, mime_type)


def named_in(block: bytes) -> dict[bytes, Any]:
    """The blobs that a stored record names, with the `mimeType` of each there: any value."""
    try:
        return blob_refs.in_stored_record(cbor.decode(block))
    except cbor.CborError:  # stored before there was a bound on what a record holds
        return {}


def _naming(repo_id: int, blob_cid: bytes) -> list[bytes]:
    return [data for (data,) in connection.rows(_NAMING, {"repo": repo_id, "cid": blob_cid})]


def _types_in(records: Iterable[bytes], blob_cid: bytes) -> list[str]:
    said = (named_in(data).get(blob_cid) for data in records)
    return list(dict.fromkeys(each for each in said if isinstance(each, str)))
