"""Holds on repos: nothing of a held repo is removed, whoever deletes what.

Sweeps of blobs pass a held repo by. When its account is deleted, everybody else sees it deleted at
once, as ever; records, tree and blobs stay, without a repo that anybody could read, until the hold
is lifted. Only then is the rest removed.
"""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from repos.models import RepoHold
from server.database import connection

_NEVER: Final = timedelta(days=36_500)
_SEAL = """
    UPDATE repo_hold h SET head = r.head, commit = r.commit, rev = r.rev,
        record_count = r.record_count
    FROM repo r WHERE r.id = h.repo_id AND h.repo_id = %s RETURNING h.repo_id
"""


def place(repo_id: int, host_id: int, did: str) -> None:
    """Hold a repo, in the caller's transaction, which holds its account's row. Repeatable."""
    RepoHold.objects.get_or_create(pk=repo_id, defaults={"host_id": host_id, "did": did})


def is_held(repo_id: int) -> bool:
    """Whether nothing of the repo may be removed."""
    return RepoHold.objects.filter(pk=repo_id).exists()


def seal(repo_id: int) -> datetime | None:
    """Keep the head of a held repo whose row is about to go, in the caller's transaction. Until
    when its rest waits; None: there is no hold."""
    if connection.row(_SEAL, (repo_id,)) is None:
        return None
    return never()


def lift(repo_id: int) -> None:
    """End the hold, in the caller's transaction; see `deletion.resume`."""
    RepoHold.objects.filter(pk=repo_id).delete()


def never() -> datetime:
    """A moment that does not come."""
    return timezone.now() + _NEVER
