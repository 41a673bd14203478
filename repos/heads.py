"""Where a repo stands, read in one statement for the write that comes next; and the next step.

The row that a write starts from, the last #commit's body (it holds the tree path that an append
needs), and the records that the write will displace because they say the same of one subject.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts import keys
from hosting import database
from protocol import commit
from protocol.commit import SignedCommit
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
_MOVE = """
    UPDATE repo SET head = %b, rev = %s, data = %b, commit = %b, signing_did_key = %s,
        record_count = record_count + %s
    WHERE id = %s AND rev = %s AND status = %s RETURNING id
"""
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


@dataclass(frozen=True, slots=True)
class Step:
    """From one head to the next, not taken yet. `root` is the tree that the new commit signs."""

    head: Head
    rev: str
    commit: SignedCommit
    root: bytes
    signing_did_key: str


def sign(head: Head, root: bytes, rev: str, signing_did_key: str) -> Step:
    """The next step of a repo: a tree under a commit of ours."""
    signed = commit.sign(head.did, rev, root, keys.signing_key(signing_did_key))
    return Step(head, rev, signed, root, signing_did_key)


def move(step: Step, record_change: int = 0) -> bool:
    """Take a step that is no write (those are `apply_commit`'s): imports, repairs, new keys.

    False when the head or the status is another by now. Call it first in the transaction that
    stores the tree: it locks the repo's row. `record_change`: how many more records than before.
    """
    head, signed = step.head, step.commit
    new = (signed.cid, step.rev, step.root, signed.block, step.signing_did_key, record_change)
    return database.row(_MOVE, (*new, head.id, head.rev, head.status)) is not None


def remember(repo_id: int, data: bytes) -> None:
    """This process holds the newest path of that tree: the next read need not fetch it."""
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    _remembered[repo_id] = data
