"""The moment from which the DID of somebody who moves in names this host.

From then on the account here is the one that the network sees: its handle is announced, and it is
not removed any more when its owner forgets to activate it.
"""

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, Arrival


def note(account: Account, endpoint: str | None) -> None:
    """Take note of where the DID says that its PDS is, when that is here for the first time."""
    if endpoint is None or endpoint.rstrip("/") != account.host.origin:
        return
    with transaction.atomic():
        arrivals = Arrival.objects.still_elsewhere().filter(account=account)
        if arrivals.update(handed_over_at=timezone.now()):
            Account.objects.filter(pk=account.pk).update(delete_after=None)
