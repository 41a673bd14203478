"""Descriptions of repos: collections, and with the account in one statement for the event loop.

Source: com.atproto.repo.describeRepo.
"""

from collections.abc import Sequence
from functools import cache

from accounts.models import Account, account_lookups
from hosting.models import Host
from repos.reads import names
from repos.reads.repos import RepoRow
from server.database.prepared import BIGINT, TEXT, Question, Row, Statement, bigint

_ACTIVE = b"active"
# A loose index scan: jumps from one collection to the next instead of reading every record.
_SCAN = """
    WITH RECURSIVE names AS (
        (SELECT collection FROM record WHERE repo_id = {repo} ORDER BY collection LIMIT 1)
        UNION ALL
        SELECT (SELECT collection FROM record WHERE repo_id = {repo} AND collection > n.collection
                ORDER BY collection LIMIT 1)
        FROM names n WHERE n.collection IS NOT NULL
    )
"""
_COLLECTIONS = Statement(
    f"{_SCAN.format(repo='$1')} SELECT collection FROM names WHERE collection IS NOT NULL",  # noqa: S608 - constants only
    (BIGINT,),
)
# Names have no spaces.
_JOINED_COLLECTIONS = f"""(
    {_SCAN.format(repo="a.id")} SELECT string_agg(collection, ' ' ORDER BY collection) FROM names
)"""  # noqa: S608 - constants only
_STATUS = "(SELECT status FROM repo WHERE id = a.id)"


def ask(host: Host, did_or_handle: str) -> Question:
    """What `public` is told the answer of."""
    is_did, name = names.parsed(did_or_handle)
    return Question(_statement("did" if is_did else "handle"), (name, bigint(host.pk)))


def public(host: Host, found: Sequence[Row]) -> tuple[Account, list[str]] | None:
    """The account and the names of its collections in order, if its repo is there and active."""
    if not found or found[0][-2] != _ACTIVE:
        return None
    joined = found[0][-1]
    return account_lookups.of_row(host, found[0]), joined.decode().split(" ") if joined else []


def collections(repo: RepoRow) -> list[str]:
    """The collections in which the repo has records, in order."""
    return [name.decode() for (name,) in _COLLECTIONS.rows(bigint(repo.id))]


@cache
def _statement(column: str) -> Statement:
    where = f"a.{column} = $1 AND a.host_id = $2 AND a.opened_at IS NOT NULL"
    return Statement(account_lookups.select(where, _STATUS, _JOINED_COLLECTIONS), (TEXT, BIGINT))
