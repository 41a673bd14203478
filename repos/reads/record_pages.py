"""Record pages: com.atproto.repo.listRecords, put together from the texts of its records.

Source: that lexicon. One statement tells which records a page shows, in one row: a hundred rows
with their values take Postgres twice as long, and us. Values are read in a second one, of those
records alone whose text is not known (repos.reads.rendered_records). A page may hold a hundred
records of a megabyte: large ones come by themselves, and the page ends early, with its cursor,
where it would grow too big.
"""

from collections.abc import Iterator, Sequence

import orjson

from hosting.models import Host
from protocol.cid import LENGTH_BYTES
from protocol.errors import InvalidRequest
from repos.reads import names
from repos.reads.refusals import UnknownRepo, refuse_inactive
from repos.reads.rendered_records import RenderedRecords
from server.database.prepared import BIGINT, BYTEA, INTEGER, TEXT, Statement, bigint, integer

_MAX_LIMIT = 100  # the lexicon's
_LARGE_BYTES = 8_192
MAX_LARGE_BYTES = 1_000_000  # of all large records of a page; one more may be on its way
_AFTER_ALL_KEYS = "\x7f"  # record keys are printable ASCII

_SHOWN = """
    NOT (r.has_takedowns AND EXISTS (
        SELECT FROM record_takedown t
        WHERE t.repo_id = r.id AND t.collection = c.collection AND t.rkey = c.rkey))
"""
# The constant LIMIT tells the planner how short a page is: with the parameter alone it takes a page
# for a tenth of the repo, finds each plan for known parameters cheaper, and plans every call anew,
# which costs more than running it. What is aggregated comes in the order of the inner query.
_PAGE = """
    SELECT r.id, r.did, r.status, c.rkeys, c.cids
    FROM {source} LEFT JOIN LATERAL (
        SELECT string_agg(rkey, ' ') AS rkeys, string_agg(cid, '') AS cids FROM (
            SELECT * FROM (
                SELECT c.rkey, c.cid FROM record c
                WHERE c.repo_id = r.id AND c.collection = $1 AND c.rkey {after} $2 AND {shown}
                ORDER BY c.rkey {order} LIMIT {max_limit}
            ) longest LIMIT $3
        ) page
    ) c ON true
    WHERE {name} = $4 AND r.host_id = $5
"""
_DESCENDING = {"after": "<", "order": "DESC"}
_ASCENDING = {"after": ">", "order": "ASC"}
_PAGES = {
    (is_did, reverse): Statement(
        _PAGE.format(
            shown=_SHOWN,
            max_limit=_MAX_LIMIT,
            **column,
            **(_ASCENDING if reverse else _DESCENDING),
        ),
        (TEXT, TEXT, INTEGER, TEXT, BIGINT),
    )
    for is_did, column in names.COLUMN.items()
    for reverse in (True, False)
}
_VALUES = Statement(
    f"""
    SELECT rkey, cid, CASE WHEN octet_length(data) <= {_LARGE_BYTES} THEN data END FROM record
    WHERE repo_id = $1 AND collection = $2 AND rkey = ANY (string_to_array($3, ' '))
    """,  # noqa: S608 - constants only
    (BIGINT, TEXT, TEXT),
)
_LARGE = Statement(
    "SELECT data FROM record WHERE repo_id = $1 AND collection = $2 AND rkey = $3 AND cid = $4",
    (BIGINT, TEXT, TEXT, BYTEA),
)

RENDERED = RenderedRecords()

_GONE = b""  # no record's value
_Where = tuple[bytes, bytes]  # the repo's id and the collection, encoded
_Text = tuple[bytes, bytes]  # a record's key, and its CID and value as members of an object


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
    is_did, name = names.parsed(did_or_handle)
    start = cursor or ("" if reverse else _AFTER_ALL_KEYS)
    page = _PAGES[is_did, reverse].rows(
        collection.encode(), start.encode(), integer(limit), name, bigint(host.pk)
    )
    if not page:
        raise UnknownRepo(did_or_handle)
    repo_id, did_bytes, status, rkeys, cids = page[0]
    did = did_bytes.decode()
    refuse_inactive(did, status.decode())
    cids = cids or b""  # of no records at all the aggregates are null
    each_cid = [cids[at : at + LENGTH_BYTES] for at in range(0, len(cids), LENGTH_BYTES)]
    texts = _texts((repo_id, collection.encode()), (rkeys or b"").split(), each_cid)
    return _json(f"at://{did}/{collection}/", list(texts))


def _texts(where: _Where, rkeys: Sequence[bytes], cids: Sequence[bytes]) -> Iterator[_Text]:
    """Each record's, up to where the large ones become too many for one page.

    What went, or became another record, since the page was read is left out.
    """
    known = [RENDERED.known(record_cid) for record_cid in cids]
    values = {}
    if None in known:
        unknown = [rkey for rkey, text in zip(rkeys, known, strict=True) if text is None]
        rows = _VALUES.rows(*where, b" ".join(unknown))
        values = {(rkey, record_cid): data for rkey, record_cid, data in rows}
    large_bytes = 0
    for rkey, record_cid, text in zip(rkeys, cids, known, strict=True):
        if text is not None:
            yield rkey, text
            continue
        data = values.get((rkey, record_cid), _GONE)
        if data is None:
            if large_bytes > MAX_LARGE_BYTES:
                return
            rows = _LARGE.rows(*where, rkey, record_cid)
            data = rows[0][0] if rows else _GONE
            large_bytes += len(data)
        if data is not _GONE:
            yield rkey, RENDERED.members(record_cid, data)


def _json(prefix: str, texts: Sequence[_Text]) -> bytes:
    if not texts:
        return b'{"records":[]}'
    # Record keys have no character that JSON would write in another way.
    opening = b'{"uri":%b' % orjson.dumps(prefix)[:-1]
    records = b",".join([b'%b%b",%b}' % (opening, rkey, members) for rkey, members in texts])
    return b'{"records":[%b],"cursor":"%b"}' % (records, texts[-1][0])
