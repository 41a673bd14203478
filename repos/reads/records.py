"""Reads of single records: one prepared statement a call, and JSON text instead of models.

Source: com.atproto.repo.getRecord. Every statement names the host: a DID of another host is as
unknown as one that nobody has.
"""

from collections.abc import Sequence

import orjson

from hosting.models import Host
from protocol import atjson, cid
from repos.reads import names
from repos.reads.refusals import RecordElsewhere, RecordNotFound, refuse_inactive
from server.database import connection
from server.database.prepared import BIGINT, TEXT, TRUE, Question, Row, Statement, bigint

_RECORD = """
    SELECT r.did, r.status, r.has_takedowns, c.cid, c.data FROM {source}
    LEFT JOIN record c ON c.repo_id = r.id AND c.collection = $1 AND c.rkey = $2
    WHERE {name} = $3 AND r.host_id = $4
"""
_RECORDS = {
    is_did: Statement(_RECORD.format(**column), (TEXT, TEXT, TEXT, BIGINT))
    for is_did, column in names.COLUMN.items()
}
_ACTIVE, _DEACTIVATED = b"active", b"deactivated"
# Copies of repos whose DID names another host: it was left behind, or has not arrived yet.
_ELSEWHERE = """
    SELECT a.id FROM account a LEFT JOIN account_migration v ON v.account_id = a.id
        AND v.activated_at IS NULL AND v.did_updated_at IS NULL
    WHERE a.did = %s AND a.host_id = %s
        AND (a.moved_away_at IS NOT NULL OR v.account_id IS NOT NULL)
"""
# Records that moderators hid (repos.lifecycle.record_takedowns). The many repos without any are not
# asked.
_HIDDEN = """
    SELECT t.rkey FROM record_takedown t JOIN repo r ON r.id = t.repo_id
    WHERE r.did = %s AND r.host_id = %s AND t.collection = %s AND t.rkey = %s
"""


def get_record(
    host: Host, did_or_handle: str, collection: str, rkey: str, cid_text: str | None = None
) -> bytes:
    """The answer of com.atproto.repo.getRecord as JSON text: uri, cid, value.

    Raises RecordNotFound (the lexicon's only word: also when `cid_text` is given and the record is
    another by now), its kind RecordElsewhere, and the errors of inactive repos.
    """
    found = ask_for_record(host, did_or_handle, collection, rkey).rows()
    if (text := public_record(found, collection, rkey, cid_text)) is not None:
        return text
    if not found:
        raise RecordElsewhere(f"at://{did_or_handle}/{collection}/{rkey}")
    did_bytes, status, has_takedowns, record_cid, data = found[0]
    did = did_bytes.decode()
    uri = f"at://{did}/{collection}/{rkey}"
    if status == _DEACTIVATED and connection.row(_ELSEWHERE, (did, host.pk)):
        raise RecordElsewhere(uri)
    refuse_inactive(did, status.decode())
    if has_takedowns == TRUE and connection.row(_HIDDEN, (did, host.pk, collection, rkey)):
        raise RecordNotFound(uri)
    if record_cid is None or (cid_text is not None and cid.to_text(record_cid) != cid_text):
        raise RecordNotFound(uri)
    return _record_json(uri, record_cid, data)


def ask_for_record(host: Host, did_or_handle: str, collection: str, rkey: str) -> Question:
    """What `public_record` is told the answer of."""
    is_did, name = names.parsed(did_or_handle)
    params = (collection.encode(), rkey.encode(), name, bigint(host.pk))
    return Question(_RECORDS[is_did], params)


def public_record(
    found: Sequence[Row], collection: str, rkey: str, cid_text: str | None
) -> bytes | None:
    """The answer of getRecord where there is nothing more to ask: the record is there, its repo
    active and none of it hidden."""
    if not found:
        return None
    did, status, has_takedowns, record_cid, data = found[0]
    if status != _ACTIVE or has_takedowns == TRUE or record_cid is None:
        return None
    if cid_text is not None and cid.to_text(record_cid) != cid_text:
        return None
    return _record_json(f"at://{did.decode()}/{collection}/{rkey}", record_cid, data)


def _record_json(uri: str, record_cid: bytes, data: bytes) -> bytes:
    return b'{"uri":%b,"cid":"%b","value":%b}' % (
        orjson.dumps(uri),
        cid.to_text(record_cid).encode(),
        atjson.from_cbor(data),
    )
