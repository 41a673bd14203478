"""Day partitions of the relay's events, kept as long as the firehose's."""

from typing import Final

from repos.events import partitions
from repos.events.partitions import PartitionedTable

EVENTS: Final = PartitionedTable("relay_event", "relay_id", "relay_counter")


def keep_event_partitions() -> None:
    """Make the partitions of the coming days and drop those past retention."""
    partitions.keep_partitions(EVENTS)
