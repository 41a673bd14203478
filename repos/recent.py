"""The newest writes of a repo: what a service that lags behind cannot know yet.

Source: protocol, read-after-write. A rev is the time of its commit, so that of a record tells when
its author wrote it here.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from hosting import database
from protocol import atjson, cid, tid
from repos.reads import RepoRef

MOST = 10  # more than that is no lag but a gap
_SINCE = """
    SELECT collection, rkey, cid, rev, data FROM record
    WHERE repo_id = %s AND rev > %s AND collection = ANY(%s) ORDER BY rev DESC LIMIT %s
"""
_CURRENT = """
    SELECT collection, rkey, cid, rev, data FROM record
    WHERE repo_id = %s AND collection = %s AND rkey = %s
"""
_ANY_UNTIL = "SELECT EXISTS (SELECT FROM record WHERE repo_id = %s AND rev <= %s)"


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
    """At most MOST records of these collections written after `rev`, oldest first.

    Empty when the repo has nothing from before: then `rev` is another life's, such as that of the
    same DID at another host.
    """
    rows = database.rows(_SINCE, (repo.id, rev, list(collections), MOST))
    if not rows or not database.rows(_ANY_UNTIL, (repo.id, rev))[0][0]:
        return []
    return [_record(repo, row) for row in reversed(rows)]


def current(repo: RepoRef, collection: str, rkey: str) -> RecentRecord | None:
    """One record as it is now, to its author."""
    row = database.row(_CURRENT, (repo.id, collection, rkey))
    return _record(repo, row) if row else None


def _record(repo: RepoRef, row: tuple[Any, ...]) -> RecentRecord:
    collection, rkey, record_cid, rev, data = row
    written_us, _ = tid.decode(rev)
    return RecentRecord(
        uri=f"at://{repo.did}/{collection}/{rkey}",
        collection=collection,
        rkey=rkey,
        cid=cid.to_text(record_cid),
        written_at=datetime.fromtimestamp(written_us / 1_000_000, UTC),
        value=orjson.loads(atjson.from_cbor(data)),
    )
