"""How long events are kept, and how far ahead their day partitions are made."""

from typing import Final

DAYS_AHEAD: Final = 3
DAYS_KEPT: Final = 3  # consumers further behind are told #info OutdatedCursor
