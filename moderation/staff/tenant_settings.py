"""Settings that a tenant says itself: changed by its owner or by platform staff, on the record."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction

from hosting.mail.models import Sender
from hosting.models import Host, Tenant
from hosting.tenancy import routing
from moderation import action_limits, audit, permissions
from moderation.action_limits import PerMember
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed


def change_tenant(actor: Actor, host: Host, fields: Mapping[str, Any], reason: str) -> list[str]:
    """Set columns of a host's tenant, for all its hosts; what each was and is: `name: Ash -> Oak`.
    The values were checked by a form. Raises NotAllowed, ReasonNeeded."""
    return _change(actor, host, Tenant.objects.get(pk=host.tenant_id), fields, reason)


def change_sender(actor: Actor, host: Host, fields: Mapping[str, Any], reason: str) -> list[str]:
    """The same, of the row that says how a host's e-mails look."""
    row = Sender.objects.filter(host_id=host.pk).first() or Sender(host=host)
    return _change(actor, host, row, fields, reason)


def set_action_limits(actor: Actor, host: Host, wanted: Mapping[str, PerMember]) -> None:
    """Limit how often one member of staff of a host's tenant takes an action, on the record; what
    is not named is limited no longer. The same as before is no change. Raises NotAllowed."""
    permissions.require(actor, Deed.STAFF_MANAGE, host.tenant_id)
    before = action_limits.of_tenant(host.tenant_id)
    if all(wanted.get(action, PerMember()) == limit for action, limit in before.items()):
        return
    said = [
        f"{action}: {limit.an_hour} an hour, {limit.a_day} a day"
        for action, limit in wanted.items()
        if limit != PerMember()
    ]
    with transaction.atomic():
        action_limits.write(host.tenant_id, wanted)
        action = AuditEntry.Action.HOST_CHANGE_SETTINGS
        text = "; ".join(said).replace("None", "any") or "none"
        audit.record_at_host(actor, host, action, f"limits of staff: {text}")


def _change(
    actor: Actor, host: Host, row: models.Model, fields: Mapping[str, Any], reason: str
) -> list[str]:
    reason = permissions.checked(actor, Deed.SETTINGS_CHANGE, host.tenant_id, reason)
    said, changed = [], []
    for name, value in fields.items():
        if (before := getattr(row, name)) != value:
            said.append(f"{name}: {before} -> {value}")
            changed.append(name)
            setattr(row, name, value)
    if said:
        with transaction.atomic():
            # These columns alone: others change the rest at the same moment, such as a suspension
            row.save(update_fields=None if row.pk is None else changed)
            action = AuditEntry.Action.HOST_CHANGE_SETTINGS
            audit.record_at_host(actor, host, action, f"{'; '.join(said)}: {reason}")
            transaction.on_commit(routing.forget)
    return said
