"""Statements that a block sends to Postgres, counted from libpq's own trace.

Django's counter sees the ORM alone; hot paths speak to libpq themselves. What begins and ends a
transaction is not counted: tests stand in one already.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg.pq import Trace

from server.database import connection

_SENT = re.compile(rb"^F\t\d+\t(Parse|Execute|Query)\b(.*)$", re.MULTILINE)
_TRANSACTION = re.compile(rb'"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET |DEALLOCATE)')


@dataclass
class Statements:
    """`parsed`: the SQL of those that Postgres had to parse, in this block."""

    count: int = 0
    parsed: tuple[str, ...] = ()


@contextmanager
def statements() -> Iterator[Statements]:
    """Count until the block ends; the figures are there after it."""
    wire, found = connection.hot().pgconn, Statements()
    with tempfile.TemporaryFile() as file:
        wire.trace(file.fileno())
        wire.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS | Trace.REGRESS_MODE)
        try:
            yield found
        finally:
            wire.untrace()
        file.seek(0)
        _read(file.read(), found)


def _read(trace: bytes, found: Statements) -> None:
    parsed = []
    for kind, rest in _SENT.findall(trace):
        if _TRANSACTION.search(rest):
            continue
        if kind != b"Parse":
            found.count += 1
        if kind != b"Execute":
            parsed.append(rest.decode(errors="replace").strip())
    found.parsed = tuple(parsed)
