"""Taking turns at a repo across processes, so that nobody plans on a head that is about to move.

An advisory lock of Postgres, held by the session and not by a transaction: reading and committing
stay single statements. It only saves work. What makes commits right is that each takes effect on
the head that it was made from alone, whoever holds a turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hosting.prepared import INTEGER, Statement, integer

_CLASS: Final = 0x72657073  # "reps"; the first of the two keys names what the second counts
_INT4_MAX = 0x7FFFFFFF

_BEGIN = Statement("SELECT pg_advisory_lock($1, $2)", (INTEGER, INTEGER))
_END = Statement("SELECT pg_advisory_unlock($1, $2)", (INTEGER, INTEGER))


@contextmanager
def turn(repo_id: int) -> Iterator[None]:
    """Wait for the turn, hold it, give it up. Repos whose ids have the same low bits share one."""
    keys = integer(_CLASS), integer(repo_id & _INT4_MAX)
    _BEGIN.rows(*keys)
    try:
        yield
    finally:
        _END.rows(*keys)
