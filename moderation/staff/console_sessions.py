"""Sessions of staff on the console: seen and ended by themselves, and by who manages the staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from hosting.models import Host, StaffSession, StaffUser, Tenant
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed


@dataclass(frozen=True)
class ConsoleSession:
    """A session as pages show it; `name` tells it from others and opens nothing."""

    name: str
    place: str
    agent: str
    began_at: datetime
    used_at: datetime
    is_this: bool


def of(staff: StaffUser, tenant: Tenant | None, own_key: str | None) -> list[ConsoleSession]:
    """Who is signed in where, the latest use first: at one tenant, or (None) anywhere."""
    return [
        ConsoleSession(
            _name(row.pk), row.place, row.agent, row.created_at, row.used_at, row.pk == own_key
        )
        for row in _rows(staff, tenant)
    ]


def end(actor: Actor, host: Host, staff: StaffUser, names: Sequence[str] | None) -> int:
    """End sessions of somebody by name, or all of them (None); how many. One's own anywhere, those
    of others at the host's tenant alone. Raises NotAllowed."""
    is_own = isinstance(actor, StaffUser) and actor.pk == staff.pk
    if not is_own:
        permissions.require(actor, Deed.STAFF_MANAGE, host.tenant_id)
    rows = _rows(staff, None if is_own else host.tenant)
    ended = [row.pk for row in rows if names is None or _name(row.pk) in names]
    with transaction.atomic():
        if ended:
            said = f"{staff}: {len(ended)} ended"
            audit.record_at_host(actor, host, AuditEntry.Action.STAFF_END_SESSIONS, said)
            StaffSession.objects.filter(pk__in=ended).delete()
    return len(ended)


def _rows(staff: StaffUser, tenant: Tenant | None) -> Sequence[StaffSession]:
    rows = StaffSession.objects.filter(staff=staff, expire_date__gt=timezone.now())
    found = rows if tenant is None else rows.filter(host__tenant=tenant)
    return list(found.order_by("-used_at")[:100])


def _name(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:20]
