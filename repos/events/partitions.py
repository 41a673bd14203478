"""Day partitions of the event table: made ahead, dropped when retention ends.

Dropping a partition is how old events go: no row is deleted one by one. Should nobody make the next
day's partition, events land in the default one and are moved when somebody does. What is about to
go is noted first, host by host, for readers whose cursor is older. A drop needs the event table to
itself for a moment, and whoever writes waits behind it while it waits for others: so it waits a
tenth of a second at most, and tries again.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from psycopg import sql
from psycopg.errors import LockNotAvailable

from repos.events.retention import DAYS_AHEAD, DAYS_KEPT
from server.database import connection

TRIES: Final = 10
_PAUSE_S: Final = 0.5
ROWS_A_DELETE: Final = 2_000

_NAMES = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_[0-9]{8}$' AND c.relname < %s
    ORDER BY c.relname
"""
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '100ms'"
_IS_PENDING = sql.SQL("SELECT FROM {} WHERE seq IS NULL LIMIT 1")
_DROP = sql.SQL("DROP TABLE {}")
_NEWEST = sql.SQL("""
    SELECT c.host_id, e.seq FROM event_counter c CROSS JOIN LATERAL (
        SELECT seq FROM {} WHERE host_id = c.host_id AND seq > c.dropped_seq AND created_at < %s
        ORDER BY seq DESC LIMIT 1
    ) e
""")
_NOTE = """
    UPDATE event_counter SET dropped_seq = %s WHERE host_id = %s AND dropped_seq < %s
    RETURNING host_id
"""
_DELETE_LATE = """
    DELETE FROM event_default WHERE (id, created_at) IN (
        SELECT id, created_at FROM event_default
        WHERE created_at < %s AND seq IS NOT NULL LIMIT %s
    ) RETURNING id
"""


def keep_event_partitions() -> None:
    """Make the partitions of the coming days and drop those past retention."""
    connection.row("SELECT ensure_event_partitions(%s::int)", (DAYS_AHEAD,))
    drop_past(DAYS_KEPT)


def drop_past(days_kept: int) -> list[str]:
    """Drop what is older than that many days beside today; the names of the partitions that went.

    One that holds events without a number stays until they have one. One that nobody let go of in
    TRIES tries stays until the next time.
    """
    oldest = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    oldest -= timedelta(days=days_kept)
    names = [name for (name,) in connection.rows(_NAMES, (f"event_{oldest:%Y%m%d}",))]
    _note("event_default", oldest)
    while len(connection.rows(_DELETE_LATE, (oldest, ROWS_A_DELETE))) == ROWS_A_DELETE:
        pass
    return [name for name in names if _drop(name, oldest)]


def _note(name: str, before: datetime) -> None:
    """Write down how far the events of a partition go, one host at a time: the sequencer has the
    same rows, many at once and in an order of its own."""
    newest = connection.hot().execute(_NEWEST.format(sql.Identifier(name)), (before,)).fetchall()
    for host_id, seq in newest:
        connection.row(_NOTE, (seq, host_id, seq))


def _drop(name: str, before: datetime) -> bool:
    table = sql.Identifier(name)
    if connection.hot().execute(_IS_PENDING.format(table)).fetchone() is not None:
        return False
    _note(name, before)
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                connection.hot().execute(_LOCK_TIMEOUT)
                connection.hot().execute(_DROP.format(table))
        except LockNotAvailable:
            time.sleep(_PAUSE_S)
        else:
            return True
    return False
