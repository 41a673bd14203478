"""The relay's tables: hosts, accounts of outside hosts and their collections, events."""

from relay.models.accounts import RelayAccount
from relay.models.collections import DescribedRepo, DirectoryMark, RelayCollection
from relay.models.events import RelayCounter, RelayEvent
from relay.models.hosts import DomainBan, HostAlert, HostWatch, Rejection, RelayHost

__all__ = [
    "DescribedRepo",
    "DirectoryMark",
    "DomainBan",
    "HostAlert",
    "HostWatch",
    "Rejection",
    "RelayAccount",
    "RelayCollection",
    "RelayCounter",
    "RelayEvent",
    "RelayHost",
]
