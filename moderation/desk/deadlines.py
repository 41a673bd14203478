"""Deadlines: by when a case of a kind is to be decided, as its tenant has it.

Child safety comes first everywhere: no tenant can give it more time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from hosting.models import Host, StaffUser
from moderation import audit, permissions
from moderation.models import AuditEntry, Case, CaseDeadline
from moderation.permissions import Deed

Kind = Case.Kind
HOURS_MAX: Final = 8_760  # a year
WAITS_TIMES: Final = 14
HOURS: Final[Mapping[Case.Kind, int]] = {
    Kind.CHILD_SAFETY: 1,
    Kind.SELF_HARM: 4,
    Kind.VIOLENCE: 12,
    Kind.PRIVACY: 12,
    Kind.SEXUAL: 24,
    Kind.HARASSMENT: 48,
    Kind.LEGAL: 48,
    Kind.MISLEADING: 72,
    Kind.RULES: 72,
    Kind.SPAM: 72,
    Kind.OTHER: 72,
    Kind.APPEAL: 168,
}


def hours(tenant_id: int) -> dict[str, int]:
    """The hours for each kind at a tenant."""
    own = CaseDeadline.objects.filter(tenant=tenant_id).values_list("kind", "hours")
    return {**{str(kind): most for kind, most in HOURS.items()}, **dict(own)}


def due_at(tenant_id: int, kind: str) -> datetime:
    """When a case of this kind that is opened now has to be decided."""
    own = CaseDeadline.objects.filter(tenant=tenant_id, kind=kind)
    found = own.values_list("hours", flat=True).first()
    return timezone.now() + timedelta(hours=HOURS[Kind(kind)] if found is None else found)


def hours_max(kind: str) -> int:
    """The most that a tenant may give cases of a kind."""
    return HOURS[Kind.CHILD_SAFETY] if kind == Kind.CHILD_SAFETY else HOURS_MAX


def waits_max(kind: str) -> timedelta:
    """For how long a case of a kind may be set aside: 14 times its usual hours, a day at least."""
    return timedelta(hours=max(24, WAITS_TIMES * HOURS[Kind(kind)]), minutes=5)


def set_hours(staff: StaffUser, host: Host, wanted: Mapping[str, int]) -> None:
    """Change hours in the table of a host's tenant, on the record; they hold for cases that are
    opened from now on.

    Raises NotAllowed.
    """
    permissions.require(staff, Deed.SETTINGS_CHANGE, host.tenant_id)
    before = hours(host.tenant_id)
    bounded = {kind: max(1, min(given, hours_max(kind))) for kind, given in wanted.items()}
    changed = {kind: given for kind, given in bounded.items() if before[kind] != given}
    if not changed:
        return
    with transaction.atomic():
        said = ", ".join(f"{kind}: {given} h" for kind, given in changed.items())
        action = AuditEntry.Action.HOST_CHANGE_SETTINGS
        audit.record_at_host(staff, host, action, f"deadlines: {said}")
        for kind, given in changed.items():
            CaseDeadline.objects.update_or_create(
                tenant_id=host.tenant_id, kind=Kind(kind), defaults={"hours": given}
            )
