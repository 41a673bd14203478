"""The repo lock: an advisory lock for repos that several processes write to.

An advisory lock of Postgres, held by the session and not by a transaction: reading and committing
stay single statements. It only saves work. What makes commits right is that each takes effect on
the head that it was made from alone, whoever holds the lock. So it is taken only where heads did
move between our reading and our writing, for a second each time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from server.cache.eviction import make_room
from server.database.prepared import INTEGER, Statement, integer

_CLASS: Final = 0x72657073  # "reps"; the first of the two keys names what the second counts
_INT4_MAX = 0x7FFFFFFF
_CONTENDED_S = 1.0
_MAX_CONTENDED = 10_000

_LOCK = Statement("SELECT pg_advisory_lock($1, $2)", (INTEGER, INTEGER))
_UNLOCK = Statement("SELECT pg_advisory_unlock($1, $2)", (INTEGER, INTEGER))

_contended: dict[int, float] = {}  # repos, and until when their lock is taken


def is_contended(repo_id: int) -> bool:
    """Whether other processes write to the repo as well, as of late."""
    return _contended.get(repo_id, 0.0) > time.monotonic()


def mark_contended(repo_id: int) -> None:
    """Have writes take the lock from now on: the head moved while we planned a write."""
    make_room(_contended, _MAX_CONTENDED)
    _contended[repo_id] = time.monotonic() + _CONTENDED_S


@contextmanager
def hold(repo_id: int) -> Iterator[None]:
    """Wait for the lock, hold it, give it up. Repos whose ids have the same low bits share one."""
    keys = integer(_CLASS), integer(repo_id & _INT4_MAX)
    _LOCK.rows(*keys)
    try:
        yield
    finally:
        _UNLOCK.rows(*keys)
