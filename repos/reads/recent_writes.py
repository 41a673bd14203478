"""Recent writes of a repo: what a service that lags behind cannot know yet.

Source: protocol, read-after-write. A rev is the time of its commit, so that of a record tells when
its author wrote it here, unless it came with an import. Records that are not what their lexicon
says (written with `validate: false`, imported) have no place in an app view's answer.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from protocol import atjson, cbor, cid, lexicon, tid
from protocol.lexicon import LexiconError
from repos.reads.repos import RepoRef
from server.database import connection

MOST = 10  # more than that is no lag but a gap
_READ = 3 * MOST  # some may have to be left out
_SINCE = """
    SELECT collection, rkey, cid, rev, data FROM record
    WHERE repo_id = %(repo)s AND rev > %(rev)s AND collection = ANY(%(collections)s)
        AND (SELECT first_rev FROM repo WHERE id = %(repo)s) <= %(rev)s
    ORDER BY rev DESC LIMIT %(limit)s
"""
_CURRENT = """
    SELECT collection, rkey, cid, rev, data FROM record
    WHERE repo_id = %s AND collection = %s AND rkey = %s
"""


@dataclass(frozen=True, slots=True)
class RecentRecord:
    """One record, its `value` as JSON has it."""

    uri: str
    collection: str
    rkey: str
    cid: str
    written_at: datetime
    value: dict[str, Any] = field(repr=False)


def written_since(repo: RepoRef, rev: str, collections: Collection[str]) -> list[RecentRecord]:
    """At most MOST valid records of these collections written after `rev`, oldest first.

    Empty when `rev` is from before the repo's first rev at this host: then it is another life's,
    such as that of the same DID at another host.
    """
    asked = {"repo": repo.id, "rev": rev, "collections": list(collections), "limit": _READ}
    found = [_record(repo, row) for row in connection.rows(_SINCE, asked) if _is_valid(row)]
    return found[:MOST][::-1]


def current(repo: RepoRef, collection: str, rkey: str) -> RecentRecord | None:
    """One record as it is now, to its author; None when there is none, or no valid one."""
    row = connection.row(_CURRENT, (repo.id, collection, rkey))
    return _record(repo, row) if row and _is_valid(row) else None


def _is_valid(row: tuple[Any, ...]) -> bool:
    """Whether a record is what its bundled lexicon says. Blobs of the older form may stand in a
    profile's fields: people who moved in have them."""
    collection, rkey, _, _, data = row
    record_type = lexicon.catalog().record(collection)
    if record_type is None:
        return False
    try:
        value = cbor.decode(data)
        record_type.check_rkey(rkey)
        record_type.check({k: v for k, v in value.items() if not atjson.is_legacy_blob(v)})
    except (LexiconError, cbor.CborError):  # also larger than records may be today
        return False
    return True


def _record(repo: RepoRef, row: tuple[Any, ...]) -> RecentRecord:
    collection, rkey, record_cid, rev, data = row
    written_us, _ = tid.decode(rev)
    return RecentRecord(
        uri=f"at://{repo.did}/{collection}/{rkey}",
        collection=collection,
        rkey=rkey,
        cid=cid.to_text(record_cid),
        written_at=datetime.fromtimestamp(written_us / 1_000_000, UTC),
        value=atjson.plain(data),
    )
