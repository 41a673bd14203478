"""The relay's tables: hosts, accounts of outside hosts, events."""

from relay.models.accounts import RelayAccount
from relay.models.events import RelayCounter, RelayEvent
from relay.models.hosts import DomainBan, Rejection, RelayHost

__all__ = [
    "DomainBan",
    "Rejection",
    "RelayAccount",
    "RelayCounter",
    "RelayEvent",
    "RelayHost",
]
