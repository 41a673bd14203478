"""Repos with records in a collection, in the order of their ids, from the table of records.

There is no index by collection: it would cost every write. So a page looks at LOOKED_AT repos at
the most, one probe each, and may hold fewer than were asked for, or none, with a cursor to go on.
Source: com.atproto.sync.listReposByCollection.
"""

from collections.abc import Sequence
from typing import Final

from protocol.errors import InvalidRequest
from server.database import connection, row_numbers

LOOKED_AT: Final = 2_000  # as many as a page may hold
_PAGE: Final = """
    SELECT r.id, CASE WHEN r.status = 'active' AND EXISTS (
        SELECT FROM record c WHERE c.repo_id = r.id AND c.collection = %(collection)s
    ) THEN r.did END
    FROM repo r WHERE r.host_id = ANY (%(hosts)s) AND r.id > %(after)s
    ORDER BY r.id LIMIT %(most)s
"""


def list_dids(
    host_ids: Sequence[int], collection: str, limit: int, after: int
) -> tuple[list[str], int | None]:
    """DIDs of active repos of these hosts, and the id after which to go on; None at the end."""
    asked = {"hosts": [*host_ids], "after": after, "collection": collection, "most": LOOKED_AT}
    found = []
    rows = connection.rows(_PAGE, asked)
    for repo_id, did in rows:
        if did is not None:
            found.append(did)
            if len(found) == limit:
                return found, repo_id
    return found, rows[-1][0] if len(rows) == LOOKED_AT else None


def place(cursor: str | None) -> int:
    """The id that a cursor names. Raises InvalidRequest."""
    if cursor is None:
        return 0
    if (number := row_numbers.read(cursor)) is None:
        raise InvalidRequest("Malformed cursor")
    return number
