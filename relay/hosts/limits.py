"""Raises and lowers how many accounts a host may have at the relay."""

from django.db import transaction
from django.utils import timezone

from relay.models import RelayAccount, RelayHost


def set_account_limit(host_id: int, limit: int) -> int:
    """Allow a host so many accounts; how many of its throttled ones that wakes, oldest first.

    What they said while they were throttled is not fetched: they are desynchronised until then.
    """
    with transaction.atomic():
        host = RelayHost.objects.select_for_update(no_key=True).get(pk=host_id)
        throttled = host.accounts.filter(is_throttled=True).order_by("id")
        room = max(0, limit - (host.account_count - throttled.count()))
        woken = list(throttled.values_list("pk", flat=True)[:room])
        RelayAccount.objects.filter(pk__in=woken).update(is_throttled=False)
        host.account_limit, host.changed_at = limit, timezone.now()
        host.save(update_fields=["account_limit", "changed_at"])
    return len(woken)
