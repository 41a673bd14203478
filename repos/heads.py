"""Where a repo stands, read in one statement for the write that comes next.

The row that a write starts from, the last #commit's body (it holds the tree path that an append
needs), and the records that the write will displace because they say the same of one subject.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hosting import database
from protocol.frames import Body

_FIELDS = "r.did, r.status, r.head, r.rev, r.data, r.signing_did_key, e.body, e.seq_at"

# The event is left alone when this process made, or has already seen, the tree that is current.
_FROM = """
    FROM repo r LEFT JOIN event e
        ON e.id = r.last_event_id AND e.created_at = r.last_event_at AND r.data <> %b
    WHERE r.id = %s
"""
_HEAD = f"SELECT {_FIELDS} {_FROM}"
_HEAD_AND_TWINS = f"""
    SELECT {_FIELDS}, ARRAY(
        SELECT t.collection || '/' || t.rkey
        FROM unnest(%s::text[], %s::text[]) s(collection, subject)
        JOIN record t ON t.repo_id = r.id AND t.collection = s.collection AND t.subject = s.subject
    ) {_FROM}
"""  # noqa: S608 - constants only
_LOCK = "SELECT FROM repo WHERE id = %s FOR UPDATE"

# What this process remembers of the trees whose nodes it holds; emptied when it grows too long.
_MAX_REMEMBERED = 65_536
_remembered: dict[int, bytes] = {}


@dataclass(frozen=True, slots=True)
class Head:
    """A repo at one commit. `twins` are paths of records with the subjects asked for."""

    id: int
    did: str
    status: str
    cid: bytes
    rev: str
    data: bytes
    signing_did_key: str
    last_commit: Body | None
    twins: frozenset[str]


def read(repo_id: int, subjects: Sequence[tuple[str, str]] = ()) -> Head | None:
    """The repo as it stands, and the records in `subjects`' (collection, subject)."""
    known = (_remembered.get(repo_id, b""), repo_id)
    if subjects:
        collections, names = zip(*subjects, strict=True)
        found = database.row(_HEAD_AND_TWINS, (list(collections), list(names), *known))
    else:
        found = database.row(_HEAD, known)
    if found is None:
        return None
    did, status, cid, rev, data, did_key, body, seq_at, *twins = found
    last_commit = Body(body, seq_at) if body is not None else None
    return Head(repo_id, did, status, cid, rev, data, did_key, last_commit, frozenset(*twins))


def lock(repo_id: int) -> None:
    """Take the repo's row until the transaction ends; others' commits wait."""
    database.row(_LOCK, (repo_id,))


def remember(repo_id: int, data: bytes) -> None:
    """This process holds the newest path of that tree: the next read need not fetch it."""
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    _remembered[repo_id] = data
