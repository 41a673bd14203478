"""Access of platform staff to a tenant's people and reports: with a reason, for two hours, told to
the tenant's owners, on the record (docs/decisions/0053).
"""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from hosting.mail import emails, outbox
from hosting.models import Host, StaffUser, TenantAccess
from moderation import audit, permissions
from moderation.models import AuditEntry
from moderation.permissions import Deed
from moderation.staff import members

HOLDS: Final = timedelta(hours=2)
Action = AuditEntry.Action


def take(staff: StaffUser, host: Host, reason: str) -> TenantAccess:
    """Open the tenant of a host for two hours from now. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(staff, Deed.BREAK_GLASS, host.tenant_id, reason)
    ends_at = timezone.now() + HOLDS
    with transaction.atomic():
        made = TenantAccess.objects.create(
            staff=staff, tenant=host.tenant, reason=reason, ends_at=ends_at
        )
        audit.record_at_host(staff, host, Action.PLATFORM_OPEN_ACCESS, reason)
        for address in members.owners_of(host):
            words = {"username": staff.username, "reason": reason, "ends_at": ends_at}
            outbox.post(host, address, emails.ACCESS_OPENED, words)
    return made


def current(staff: StaffUser, host: Host) -> TenantAccess | None:
    """The access that staff have to the tenant of a host now, the one that ends last."""
    accesses = TenantAccess.objects.filter(staff=staff, tenant=host.tenant_id)
    return accesses.filter(ends_at__gt=timezone.now()).order_by("-ends_at").first()


def give_back(staff: StaffUser, host: Host) -> None:
    """End one's access before its time; harmless when there is none."""
    with transaction.atomic():
        accesses = TenantAccess.objects.filter(staff=staff, tenant=host.tenant_id)
        now = timezone.now()
        if accesses.filter(ends_at__gt=now).update(ends_at=now):
            said = "given back before its time"
            audit.record_at_host(staff, host, Action.PLATFORM_END_ACCESS, said)
