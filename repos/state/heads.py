"""Heads of repos, read in one statement for the writes that come next; and the next step.

The row that a write starts from, the last #commit's body (it holds the tree path that an append
needs), whether the sessions that write still stand, and the records that writes will displace
because they say the same of one subject.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from accounts.identity.keys import signing_keys
from accounts.models import account_lookups
from protocol.event_stream.frames import Body
from protocol.repo import commit
from protocol.repo.commit import SignedCommit
from server.cache.eviction import make_room
from server.database import connection
from server.database.prepared import (
    BIGINTS,
    BYTEAS,
    TEXTS,
    TRUE,
    Row,
    Statement,
    bigints,
    byteas,
    number,
    texts,
)

# Of holds no EXISTS, for which Postgres may read all there are into a hash table.
# The event is left alone when this process made, or has already seen, the tree that is current.
_HEADS = f"""
    SELECT r.id, r.did, r.status, r.head, r.rev, r.data, r.signing_did_key, e.body, e.seq_at,
        w.session, {account_lookups.is_live("r.id", "w.session::uuid")},
        (SELECT true FROM repo_hold h WHERE h.repo_id = r.id), r.host_id,
        r.record_count, r.record_bytes,
        CASE WHEN r.counted_on < (now() AT TIME ZONE 'utc')::date THEN 0 ELSE r.writes_today END,
        (SELECT l.limits::text FROM account_limits l WHERE l.account_id = r.id)
    FROM unnest($1::bigint[], $2::bytea[], $3::text[]) w(id, known, session)
    JOIN repo r USING (id)
    LEFT JOIN event e
        ON e.id = r.last_event_id AND e.created_at = r.last_event_at AND r.data <> w.known
"""  # noqa: S608 - constants only
_HEADS_TYPES = (BIGINTS, BYTEAS, TEXTS)
_READ = Statement(_HEADS, _HEADS_TYPES)
_READ_LOCKED = Statement(f"{_HEADS} FOR NO KEY UPDATE OF r", _HEADS_TYPES)
_SAME_SUBJECT = Statement(
    """
    SELECT t.repo_id, t.collection, t.subject, t.rkey
    FROM unnest($1::bigint[], $2::text[], $3::text[]) s(repo_id, collection, subject)
    JOIN record t USING (repo_id, collection, subject)
    """,
    (BIGINTS, TEXTS, TEXTS),
)
_MOVE = """
    UPDATE repo SET head = %b, rev = %s, data = %b, commit = %b, signing_did_key = %s,
        record_count = record_count + %s
    WHERE id = %s AND rev = %s AND status = %s RETURNING id
"""
_NONE: Final[frozenset[str]] = frozenset()
_LOCK = "SELECT FROM repo WHERE id = %s FOR UPDATE"

# What this process remembers of the trees whose nodes it holds; emptied when it grows too long.
MAX_REMEMBERED = 65_536
REMEMBERED: dict[int, bytes] = {}


@dataclass(frozen=True, slots=True)
class Head:
    """A repo at one commit. `ended`: those of the sessions asked about that stand no more.
    `is_held`: by a legal hold (repos.lifecycle.repo_holds). `counts`: as the row has them."""

    id: int
    did: str
    status: str
    cid: bytes
    rev: str
    data: bytes
    signing_did_key: str
    last_commit: Body | None
    ended: frozenset[str] = frozenset()
    is_held: bool = False
    counts: Row = ()  # host, records, their bytes, today's writes, limits of its own (JSON)

    def moved(self, cid: bytes, rev: str, data: bytes) -> "Head":
        """The same repo one commit later."""
        return Head(
            self.id, self.did, self.status, cid, rev, data, self.signing_did_key, None, self.ended
        )


Subject = tuple[str, str]  # collection, and what a record of it is about


def read(repo_id: int, *, is_locked: bool = False) -> Head | None:
    """The repo as it stands; arguments as for `read_all`."""
    return read_all([(repo_id, None)], is_locked=is_locked).get(repo_id)


def read_all(
    asked: Collection[tuple[int, str | None]], *, is_locked: bool = False
) -> dict[int, Head]:
    """The repos as they stand, by id; those that are gone are left out.

    `asked`: ids, and which session (accounts.authentication.live_sessions) wants to write there.
    `is_locked`: others' commits wait until the transaction ends.
    """
    params = (
        bigints([repo_id for repo_id, _ in asked]),
        byteas([REMEMBERED.get(repo_id, b"") for repo_id, _ in asked]),
        texts(session for _, session in asked),
    )
    found: dict[int, Head] = {}
    for row in (_READ_LOCKED if is_locked else _READ).rows(*params):
        head = _head(row)
        if head.id in found:  # two sessions of one account write at once
            head = replace(head, ended=head.ended | found[head.id].ended)
        found[head.id] = head
    return found


def read_same_subject(wanted: Iterable[tuple[int, Subject]]) -> dict[int, dict[Subject, set[str]]]:
    """Paths of the records that say the same of one subject, by repo id and subject."""
    found: dict[int, dict[Subject, set[str]]] = {}
    asked = [(repo_id, *subject) for repo_id, subject in wanted]
    if not asked:
        return found
    repo_ids, collections, subjects = zip(*asked, strict=True)
    for row in _SAME_SUBJECT.rows(bigints(repo_ids), texts(collections), texts(subjects)):
        collection, subject, rkey = [value.decode() for value in row[1:]]
        paths = found.setdefault(number(row[0]), {}).setdefault((collection, subject), set())
        paths.add(f"{collection}/{rkey}")
    return found


def lock(repo_id: int) -> None:
    """Take the repo's row until the transaction ends; others' commits wait."""
    connection.row(_LOCK, (repo_id,))


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
    signed = commit.sign(head.did, rev, root, signing_keys.signing_key(signing_did_key, head.did))
    return Step(head, rev, signed, root, signing_did_key)


def move(step: Step, record_change: int = 0) -> bool:
    """Take a step that is no write (those are `apply_commits`'s): imports, repairs, new keys.

    False when the head or the status is another by now. Call it first in the transaction that
    stores the tree: it locks the repo's row. `record_change`: how many more records than before.
    """
    head, signed = step.head, step.commit
    new = (signed.cid, step.rev, step.root, signed.block, step.signing_did_key, record_change)
    return connection.row(_MOVE, (*new, head.id, head.rev, head.status)) is not None


def _head(row: Row) -> Head:
    repo_id, did, status, head, rev, data, did_key, body, seq_at, session, is_live, held = row[:12]
    last_commit = Body(body, number(seq_at)) if body is not None else None
    return Head(
        number(repo_id),
        did.decode(),
        status.decode(),
        head,
        rev.decode(),
        data,
        did_key.decode(),
        last_commit,
        _NONE if session is None or is_live == TRUE else frozenset((session.decode(),)),
        held == TRUE,
        row[12:],
    )


def remember(repo_id: int, data: bytes) -> None:
    """This process holds the newest path of that tree: the next read need not fetch it."""
    make_room(REMEMBERED, MAX_REMEMBERED)
    REMEMBERED[repo_id] = data
