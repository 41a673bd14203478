"""Takedowns of records as the repo has them: out of the public's sight, still part of the repo.

Who may, why and the audit log are moderation.enforcement.takedowns.

Source: com.atproto.admin.updateSubjectStatus and getSubjectStatus. A hidden record is not served by
com.atproto.repo.getRecord and listRecords. The repo is its owner's word and stays as it was signed:
exports, proofs, heads and events show it all. A takedown outlives updates of the record and goes
with it (a trigger on `repo`, since every change of records changes the repo's head).
"""

from dataclasses import dataclass

from django.db import transaction

from repos.reads.repos import RepoRef
from repos.state import heads
from server.database import connection

_HIDE = """
    INSERT INTO record_takedown (repo_id, collection, rkey, ref, created_at)
    SELECT repo_id, collection, rkey, %s, now() FROM record
    WHERE repo_id = %s AND collection = %s AND rkey = %s
    ON CONFLICT (repo_id, collection, rkey) DO UPDATE SET ref = excluded.ref
"""
_SHOW = "DELETE FROM record_takedown WHERE repo_id = %s AND collection = %s AND rkey = %s"
# What reads look at first: nearly every repo has none.
_NOTE = """
    UPDATE repo r SET has_takedowns =
        EXISTS (SELECT FROM record_takedown t WHERE t.repo_id = r.id)
    WHERE r.id = %s
"""
_STATE = """
    SELECT c.cid, t.ref FROM record c
    LEFT JOIN record_takedown t USING (repo_id, collection, rkey)
    WHERE c.repo_id = %s AND c.collection = %s AND c.rkey = %s
"""


@dataclass(frozen=True, slots=True)
class RecordState:
    """A record as moderators see it. `ref` is the takedown's, None while the record is shown."""

    cid: bytes
    ref: str | None


def take_down(repo: RepoRef, collection: str, rkey: str, ref: str = "") -> None:
    """Hide a record; `ref` is the moderator's own mark. Repeating it takes the new `ref`.

    A record that is gone is hidden already: nothing happens.
    """
    with transaction.atomic():
        heads.lock(repo.id)
        connection.hot().execute(_HIDE, (ref, repo.id, collection, rkey))
        connection.hot().execute(_NOTE, (repo.id,))


def restore(repo: RepoRef, collection: str, rkey: str) -> None:
    """Show a record again; nothing happens when it is not hidden."""
    with transaction.atomic():
        heads.lock(repo.id)
        connection.hot().execute(_SHOW, (repo.id, collection, rkey))
        connection.hot().execute(_NOTE, (repo.id,))


def state(repo: RepoRef, collection: str, rkey: str) -> RecordState | None:
    """Whether a record is hidden; None when there is no such record."""
    found = connection.row(_STATE, (repo.id, collection, rkey))
    return RecordState(*found) if found is not None else None
