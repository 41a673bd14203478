"""Pages of a collection: com.atproto.repo.listRecords, from one statement to one JSON text.

Source: that lexicon. A page of ordinary records is one look-up and the texts of its records put
together, rendered where they are not known (repos.rendered). A page may hold a hundred records of a
megabyte: large ones come by themselves, and the page ends early, with its cursor, where it would
grow too big.
"""

from collections.abc import Iterator

import orjson

from hosting import database
from hosting.models import Host
from protocol.errors import InvalidRequest
from repos.reads import UnknownRepo, refuse_inactive
from repos.rendered import RenderedRecords

_MAX_LIMIT = 100  # the lexicon's
_LARGE_BYTES = 32_768
_MAX_LARGE_BYTES = 4_000_000  # of all large records of a page; one more may be on its way
_AFTER_ALL_KEYS = "\x7f"  # record keys are printable ASCII

_SHOWN = """
    NOT (r.has_takedowns AND EXISTS (
        SELECT FROM record_takedown t
        WHERE t.repo_id = r.id AND t.collection = c.collection AND t.rkey = c.rkey))
"""
# The constant LIMIT tells the planner how short a page is: with the parameter alone it takes a page
# for a tenth of the repo, finds each plan for known parameters cheaper, and plans every call anew,
# which costs more than running it (180 against 65 us of Postgres a page). The inner query orders
# the rows of the one repo that it is joined to; asking for their order again would cost a sort.
_PAGE = """
    SELECT r.id, r.did, r.status, c.rkey, c.cid, c.data
    FROM {source} LEFT JOIN LATERAL (
        SELECT * FROM (
            SELECT c.rkey, c.cid,
                CASE WHEN octet_length(c.data) <= {large_bytes} THEN c.data END AS data
            FROM record c
            WHERE c.repo_id = r.id AND c.collection = %s AND c.rkey {after} %s AND {shown}
            ORDER BY c.rkey {order} LIMIT {max_limit}
        ) shown LIMIT %s
    ) c ON true
    WHERE {name} = %s AND r.host_id = %s
"""
_DESCENDING = {"after": "<", "order": "DESC"}
_ASCENDING = {"after": ">", "order": "ASC"}
_BY_DID = {"source": "repo r", "name": "r.did"}
_BY_HANDLE = {"source": "account a JOIN repo r ON r.id = a.id", "name": "a.handle"}
_PAGES = {
    (is_did, reverse): _PAGE.format(
        shown=_SHOWN,
        large_bytes=_LARGE_BYTES,
        max_limit=_MAX_LIMIT,
        **(_BY_DID if is_did else _BY_HANDLE),
        **(_ASCENDING if reverse else _DESCENDING),
    )
    for is_did in (True, False)
    for reverse in (True, False)
}
_LARGE = "SELECT data FROM record WHERE repo_id = %s AND collection = %s AND rkey = %s AND cid = %b"

_rendered = RenderedRecords()

_Rows = list[tuple[str, bytes, bytes | None]]  # key, CID, the value unless it is large


def list_records(  # noqa: PLR0913, PLR0917 - the lexicon's parameters
    host: Host,
    did_or_handle: str,
    collection: str,
    limit: int = 50,
    cursor: str | None = None,
    reverse: bool = False,
) -> bytes:
    """The answer of com.atproto.repo.listRecords as JSON text: records, newest key first, cursor.

    `cursor` is the last key of the page before. Raises UnknownRepo, errors of inactive repos, and
    InvalidRequest for a cursor that cannot be a key.
    """
    if cursor is not None and not (cursor.isascii() and cursor.isprintable()):
        raise InvalidRequest("Malformed cursor")
    is_did = did_or_handle.startswith("did:")
    name = did_or_handle if is_did else did_or_handle.lower()
    start = cursor or ("" if reverse else _AFTER_ALL_KEYS)
    found = database.rows(_PAGES[is_did, reverse], (collection, start, limit, name, host.pk))
    if not found:
        raise UnknownRepo(did_or_handle)
    repo_id, did, status = found[0][:3]
    refuse_inactive(did, status)
    rows: _Rows = [row[3:] for row in found if row[3] is not None]
    return _json(f"at://{did}/{collection}/", _with_large(repo_id, collection, rows))


def _with_large(repo_id: int, collection: str, rows: _Rows) -> Iterator[tuple[str, bytes, bytes]]:
    """The rows with all values, up to where the large ones become too many for one page."""
    large_bytes = 0
    for rkey, record_cid, data in rows:
        value = data
        if value is None:
            if large_bytes > _MAX_LARGE_BYTES:
                return
            row = database.row(_LARGE, (repo_id, collection, rkey, record_cid))
            if row is None:  # it went, or became another, since the page was read
                continue
            value = row[0]
            large_bytes += len(value)
        yield rkey, record_cid, value


def _json(prefix: str, records: Iterator[tuple[str, bytes, bytes]]) -> bytes:
    shown = []
    last = None
    for last, record_cid, data in records:
        uri = orjson.dumps(prefix + last)
        shown.append(b'{"uri":%b,%b}' % (uri, _rendered.members(record_cid, data)))
    if last is None:
        return b'{"records":[]}'
    return b'{"records":[%b],"cursor":%b}' % (b",".join(shown), orjson.dumps(last))
