"""Accounts at the relay: their status there, and takedowns by the relay's own staff.

Accounts of our own hosts are the hosts' (repos.reads); the relay has a row only of those it took
down, or that came from elsewhere.
"""

from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from relay.models import RelayAccount, RelayEvent, RelayHost


def take_down(did: str, reason: str) -> bool:
    """Relay nothing of an account any more, and forget what it said; False for one unknown.

    Subscribers hear `#account` with `takendown` from the process that writes the stream.
    """
    with transaction.atomic():
        _take_note_of_ours(did)
        found = RelayAccount.objects.filter(did=did, taken_down_at__isnull=True).update(
            taken_down_at=timezone.now(), takedown_reason=reason, is_status_told=False
        )
        if found:
            RelayEvent.objects.filter(did=did).delete()
    return bool(found)


def _take_note_of_ours(did: str) -> None:
    """A row for an account of our own hosts, which has none until the relay has a word on it."""
    if RelayAccount.objects.filter(did=did).exists():
        return
    hosts = Account.objects.filter(did=did, opened_at__isnull=False).values("host_id")
    host = RelayHost.objects.filter(inside_id__in=hosts).first()
    if host is not None:
        RelayAccount.objects.get_or_create(did=did, defaults={"host": host})


def restore(did: str) -> bool:
    """Relay an account again; False for one that was not taken down."""
    found = RelayAccount.objects.filter(did=did, taken_down_at__isnull=False)
    return bool(found.update(taken_down_at=None, takedown_reason="", is_status_told=False))
