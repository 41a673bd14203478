"""The day partitions of the event table: made ahead, dropped when retention ends.

Dropping a partition is how old events go: no row is deleted one by one. Should nobody make the next
day's partition, events land in the default one and are moved when somebody does.
"""

from hosting import database
from repos.retention import DAYS_AHEAD, DAYS_KEPT


def keep_event_partitions() -> None:
    """Make the partitions of the coming days and drop those past retention."""
    database.row("SELECT ensure_event_partitions(%s::int)", (DAYS_AHEAD,))
    database.row("SELECT drop_event_partitions(%s::int)", (DAYS_KEPT,))
