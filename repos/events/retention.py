"""Retention of events, and how far ahead their day partitions are made."""

from typing import Final

from server import environment

DAYS_AHEAD: Final = 3
# Whole days beside the current one. Consumers further behind are told #info OutdatedCursor; three
# days are what the public relays keep, so nobody who reads us is used to more.
DAYS_KEPT: Final = max(1, environment.number("GROVE_EVENT_RETENTION_DAYS", 3))
