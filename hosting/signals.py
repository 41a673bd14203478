"""Signals of this package: what it asks of packages above it.

`crawl_requested(host)`: ask the relays for this host now; a receiver answers by relay what went
wrong, or "".
"""

from django.dispatch import Signal

crawl_requested = Signal()
