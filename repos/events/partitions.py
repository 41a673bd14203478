"""Day partitions of the tables of events: made ahead, dropped when retention ends.

Dropping a partition is how old events go: no row is deleted one by one. Should nobody make the next
day's partition, events land in the default one and are moved when somebody does. What is about to
go is noted first, host by host, for readers whose cursor is older. A drop needs the event table to
itself for a moment, and whoever writes waits behind it while it waits for others: so it waits a
tenth of a second at most, and tries again.
"""

import time
from dataclasses import dataclass
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

_ENSURE = "SELECT ensure_day_partitions(%s, %s::int)"
_NAMES = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = %s::regclass AND c.relname ~ %s AND c.relname < %s
    ORDER BY c.relname
"""
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '100ms'"
_IS_PENDING = sql.SQL("SELECT FROM {} WHERE seq IS NULL LIMIT 1")
_DROP = sql.SQL("DROP TABLE {}")
_NEWEST = sql.SQL("""
    SELECT c.{key}, e.seq FROM {counter} c CROSS JOIN LATERAL (
        SELECT seq FROM {events} WHERE {key} = c.{key} AND seq > c.dropped_seq AND created_at < %s
        ORDER BY seq DESC LIMIT 1
    ) e
""")
_NOTE = sql.SQL("""
    UPDATE {counter} SET dropped_seq = %s WHERE {key} = %s AND dropped_seq < %s RETURNING {key}
""")
_DELETE_LATE = sql.SQL("""
    DELETE FROM {events} WHERE ctid IN (
        SELECT ctid FROM {events} WHERE created_at < %s AND seq IS NOT NULL LIMIT %s
    ) RETURNING seq
""")


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table of numbered events with a partition a day by `created_at` and a default one: its
    name, the column that says to which stream a row belongs, and the table of counters by the same
    column (repos.events.streams.table)."""

    name: str
    key: str
    counter: str

    def named(self, statement: sql.SQL, events: str = "") -> sql.Composed:
        """The statement with the table's names in it; `events` is one of its partitions."""
        names = {"events": events or self.name, "key": self.key, "counter": self.counter}
        return statement.format(**{name: sql.Identifier(value) for name, value in names.items()})


EVENTS: Final = PartitionedTable("event", "host_id", "event_counter")


def keep_event_partitions() -> None:
    """Make the firehose's partitions of the coming days and drop those past retention."""
    keep_partitions(EVENTS)


def keep_partitions(table: PartitionedTable) -> None:
    """Make a table's partitions of the coming days and drop those past retention."""
    connection.row(_ENSURE, (table.name, DAYS_AHEAD))
    drop_past(DAYS_KEPT, table)


def drop_past(days_kept: int, table: PartitionedTable = EVENTS) -> list[str]:
    """Drop what is older than that many days beside today; the names of the partitions that went.

    One that holds events without a number stays until they have one. One that nobody let go of in
    TRIES tries stays until the next time.
    """
    oldest = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    oldest -= timedelta(days=days_kept)
    pattern = f"^{table.name}_[0-9]{{8}}$"
    found = connection.rows(_NAMES, (table.name, pattern, f"{table.name}_{oldest:%Y%m%d}"))
    late = f"{table.name}_default"
    _note(table, late, oldest)
    delete_late = table.named(_DELETE_LATE, late)
    while _deleted(delete_late, oldest) == ROWS_A_DELETE:
        pass
    return [name for (name,) in found if _drop(table, name, oldest)]


def _deleted(delete_late: sql.Composed, oldest: datetime) -> int:
    return len(connection.hot().execute(delete_late, (oldest, ROWS_A_DELETE)).fetchall())


def _note(table: PartitionedTable, name: str, before: datetime) -> None:
    """Write down how far the events of a partition go, one stream at a time: who gives numbers has
    the same rows, many at once and in an order of its own."""
    newest = connection.hot().execute(table.named(_NEWEST, name), (before,)).fetchall()
    for key, seq in newest:
        connection.hot().execute(table.named(_NOTE), (seq, key, seq))


def _drop(table: PartitionedTable, name: str, before: datetime) -> bool:
    partition = sql.Identifier(name)
    if connection.hot().execute(_IS_PENDING.format(partition)).fetchone() is not None:
        return False
    _note(table, name, before)
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                connection.hot().execute(_LOCK_TIMEOUT)
                connection.hot().execute(_DROP.format(partition))
        except LockNotAvailable:
            time.sleep(_PAUSE_S)
        else:
            return True
    return False
