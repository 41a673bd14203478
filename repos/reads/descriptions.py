"""Descriptions of repos: account and collections in one statement, for the event loop.

Source: com.atproto.repo.describeRepo.
"""

from collections.abc import Sequence
from functools import cache

from accounts.models import Account, account_lookups
from hosting.models import Host
from server.database.prepared import BIGINT, TEXT, Question, Row, Statement, bigint

_ACTIVE = b"active"
# A loose index scan, as repos.reads.repos.collections; names have no spaces.
_COLLECTIONS = """(
    WITH RECURSIVE names AS (
        (SELECT collection FROM record WHERE repo_id = a.id ORDER BY collection LIMIT 1)
        UNION ALL
        SELECT (SELECT collection FROM record WHERE repo_id = a.id AND collection > n.collection
                ORDER BY collection LIMIT 1)
        FROM names n WHERE n.collection IS NOT NULL
    ) SELECT string_agg(collection, ' ' ORDER BY collection) FROM names
)"""
_STATUS = "(SELECT status FROM repo WHERE id = a.id)"


def ask(host: Host, did_or_handle: str) -> Question:
    """What `public` is told the answer of."""
    is_did = did_or_handle.startswith("did:")
    name = did_or_handle if is_did else did_or_handle.lower()
    return Question(_statement("did" if is_did else "handle"), (name.encode(), bigint(host.pk)))


def public(host: Host, found: Sequence[Row]) -> tuple[Account, list[str]] | None:
    """The account and the names of its collections in order, if its repo is there and active."""
    if not found or found[0][-2] != _ACTIVE:
        return None
    names = found[0][-1]
    return account_lookups.of_row(host, found[0]), names.decode().split(" ") if names else []


@cache
def _statement(column: str) -> Statement:
    where = f"a.{column} = $1 AND a.host_id = $2 AND a.opened_at IS NOT NULL"
    return Statement(account_lookups.select(where, _STATUS, _COLLECTIONS), (TEXT, BIGINT))
