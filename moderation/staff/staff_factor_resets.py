"""Second factors of a member of staff removed, for somebody who lost them all; on the record.

The password stays; outside of a sandbox they set a new factor up when they sign in. They are told
by mail, in the name of a host whose console they use.
"""

from django.db import transaction

from accounts.authentication.factors import changes, holders
from hosting.models import Host, StaffUser
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed, NotAllowed, ReasonNeeded, require
from protocol.errors import InvalidRequest

Action = AuditEntry.Action


class NoHost(InvalidRequest):
    """400: they have never signed in, and are on the staff of no tenant with a host."""

    message = "This member of staff belongs to no host."


def reset(
    actor: Actor, staff: StaffUser, host: Host, reason: str, *, is_tenants: bool = False
) -> None:
    """Remove every second factor of theirs, in the name of this host. `is_tenants`: asked for by a
    tenant's program. Raises NotAllowed, ReasonNeeded."""
    require(actor, Deed.STAFF_MANAGE, host.tenant_id)
    is_tenants |= isinstance(actor, StaffUser) and not actor.is_platform_staff
    if is_tenants and _works_elsewhere(staff, host):
        raise NotAllowed  # or one tenant could weaken the sign-in to another
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic():
        said = f"{staff}: {reason.strip()}"
        audit.record_at_host(actor, host, Action.STAFF_RESET_FACTORS, said)
        changes.reset(holders.of_staff(host, staff))


def _works_elsewhere(staff: StaffUser, host: Host) -> bool:
    elsewhere = staff.memberships.exclude(tenant=host.tenant_id)
    return staff.is_platform_staff or elsewhere.exists()


def host_of_staff(staff: StaffUser) -> Host:
    """Where they signed in last, or else a host of a tenant that they work for. Raises NoHost."""
    signed_in = AuditEntry.objects.filter(staff=staff, action=Action.STAFF_SIGN_IN)
    last = signed_in.select_related("host__tenant").order_by("-id").first()
    if last is not None:
        return last.host
    hosts = Host.objects.filter(tenant__members__user=staff).select_related("tenant")
    if (found := hosts.order_by("pk").first()) is None:
        raise NoHost
    return found
