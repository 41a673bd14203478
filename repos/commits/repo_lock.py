"""Taking turns at a repo across processes, so that nobody plans on a head that is about to move.

An advisory lock of Postgres, held by the session and not by a transaction: reading and committing
stay single statements. It only saves work. What makes commits right is that each takes effect on
the head that it was made from alone, whoever holds a turn. So turns are taken only where heads did
move between our reading and our writing, for a second each time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from server.database.prepared import INTEGER, Statement, integer

_CLASS: Final = 0x72657073  # "reps"; the first of the two keys names what the second counts
_INT4_MAX = 0x7FFFFFFF
_CONTENDED_S = 1.0
_MAX_CONTENDED = 10_000

_BEGIN = Statement("SELECT pg_advisory_lock($1, $2)", (INTEGER, INTEGER))
_END = Statement("SELECT pg_advisory_unlock($1, $2)", (INTEGER, INTEGER))

_contended: dict[int, float] = {}  # repos, and until when turns are taken there


def are_taken(repo_id: int) -> bool:
    """Whether this process takes turns at a repo at the moment."""
    return _contended.get(repo_id, 0.0) > time.monotonic()


def take_for_a_while(repo_id: int) -> None:
    """Take turns at a repo from now on: its head moved while we planned a write."""
    if len(_contended) >= _MAX_CONTENDED:
        _contended.clear()
    _contended[repo_id] = time.monotonic() + _CONTENDED_S


@contextmanager
def turn(repo_id: int) -> Iterator[None]:
    """Wait for the turn, hold it, give it up. Repos whose ids have the same low bits share one."""
    keys = integer(_CLASS), integer(repo_id & _INT4_MAX)
    _BEGIN.rows(*keys)
    try:
        yield
    finally:
        _END.rows(*keys)
