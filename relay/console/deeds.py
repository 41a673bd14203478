"""What platform staff do to the relay: each with a reason, and an entry in the audit log of the
tenant whose console it was done at.
"""

from django.db import transaction

from hosting.models import Host, StaffUser
from moderation import audit, permissions
from moderation.models import AuditEntry
from moderation.permissions import Deed
from relay.hosts import bans, limits
from relay.models import RelayHost

Action = AuditEntry.Action


@transaction.atomic
def change_limit(staff: StaffUser, at: Host, host: RelayHost, limit: int, reason: str) -> int:
    """Allow a host so many accounts; how many throttled ones that wakes. Raises NotAllowed,
    ReasonNeeded."""
    reason = _checked(staff, at, reason)
    woken = limits.set_account_limit(host.pk, limit)
    told = f"{host.hostname}: {host.account_limit} -> {limit}. {reason}"
    audit.record_at_host(staff, at, Action.RELAY_CHANGE_LIMIT, told)
    return woken


@transaction.atomic
def ban(staff: StaffUser, at: Host, domain: str, reason: str) -> None:
    """Read a domain's hosts no more. Raises NotAllowed, ReasonNeeded."""
    reason = _checked(staff, at, reason)
    bans.ban(domain, reason)
    audit.record_at_host(staff, at, Action.RELAY_BAN, f"{domain}: {reason}")


@transaction.atomic
def lift(staff: StaffUser, at: Host, domain: str, reason: str) -> None:
    """Allow a domain again. Raises NotAllowed, ReasonNeeded."""
    reason = _checked(staff, at, reason)
    bans.lift(domain)
    audit.record_at_host(staff, at, Action.RELAY_LIFT_BAN, f"{domain}: {reason}")


@transaction.atomic
def crawl(staff: StaffUser, at: Host, host: RelayHost, reason: str) -> None:
    """Try to read a host again at once. Raises NotAllowed, ReasonNeeded."""
    reason = _checked(staff, at, reason)
    again = RelayHost.objects.filter(pk=host.pk).exclude(status=RelayHost.Status.BANNED)
    again.update(is_crawl_wanted=True, retry_at=None, failures=0)
    audit.record_at_host(staff, at, Action.RELAY_CRAWL, f"{host.hostname}: {reason}")


def _checked(staff: StaffUser, at: Host, reason: str) -> str:
    return permissions.checked(staff, Deed.RELAY_RUN, at.tenant_id, reason)
