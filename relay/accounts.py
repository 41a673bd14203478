"""Accounts at the relay: their status there, and takedowns by the relay's own staff.

Accounts of our own hosts are the hosts' (repos.reads); the relay has a row only of those it took
down, or that came from elsewhere.
"""

from django.db import transaction
from django.utils import timezone

from relay.models import RelayAccount, RelayEvent


def find(did: str) -> RelayAccount | None:
    """What the relay knows of an outside account."""
    return RelayAccount.objects.filter(did=did).select_related("host").first()


def take_down(did: str, reason: str) -> bool:
    """Relay nothing of an account any more, and forget what it said; False for one unknown.

    Subscribers hear `#account` with `takendown` from the process that writes the stream.
    """
    with transaction.atomic():
        found = RelayAccount.objects.filter(did=did, taken_down_at__isnull=True).update(
            taken_down_at=timezone.now(), takedown_reason=reason, is_status_told=False
        )
        if found:
            RelayEvent.objects.filter(did=did).delete()
    return bool(found)


def restore(did: str) -> bool:
    """Relay an account again; False for one that was not taken down."""
    found = RelayAccount.objects.filter(did=did, taken_down_at__isnull=False)
    return bool(found.update(taken_down_at=None, takedown_reason="", is_status_told=False))
