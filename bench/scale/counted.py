"""How long something takes, and of which tables many rows are read, by Postgres' own counts.

A sequential scan of a large table is found whoever made it: the ORM, a prepared statement, a
function of SQL.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psycopg
from django.db import connection

from bench.compare.client import WrongAnswer
from server.database.connection import conninfo

LARGE: Final = 5_000  # rows read by a scan that is worth a word
_READ: Final = """
    SELECT relname, coalesce(seq_tup_read, 0), coalesce(idx_tup_fetch, 0)
    FROM pg_stat_user_tables WHERE schemaname = 'public'
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Median and longest milliseconds, and the rows that one go read, by table."""

    ms: float
    longest_ms: float
    scanned: dict[str, int]  # sequentially
    fetched: dict[str, int]  # by an index

    def said(self) -> str:
        """The tables, in words; empty when nothing large was read."""
        parts = [f"{name} {count:,} scanned" for name, count in self.scanned.items()]
        parts += [f"{name} {count:,} by index" for name, count in self.fetched.items()]
        return ", ".join(parts)


def cost(work: Callable[[], object], times: int = 5) -> Cost:
    """Do it once to warm up, once for the counts, and so many times for the clock."""
    if times > 1:
        work()
    before = _read()
    taken = [_ms(work)]
    _flush()
    after = _read()
    taken += [_ms(work) for _ in range(times - 1)]
    scanned, fetched = (
        {
            name: after[name][at] - before.get(name, (0, 0))[at]
            for name in after
            if after[name][at] - before.get(name, (0, 0))[at] >= LARGE
        }
        for at in (0, 1)
    )
    return Cost(statistics.median(taken), max(taken), scanned, fetched)


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    answer = work()
    taken = (time.perf_counter() - begun) * 1000
    status = getattr(answer, "status_code", 200)
    if status not in (200, 302):
        raise WrongAnswer(f"answered {status}")
    return taken


def _flush() -> None:
    """Have this process' counts seen by others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT 1")


def _read() -> dict[str, tuple[int, int]]:
    _flush()
    with psycopg.connect(conninfo(), autocommit=True) as other:
        return {name: (seq, index) for name, seq, index in other.execute(_READ)}
