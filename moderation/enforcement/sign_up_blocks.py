"""Blocked networks of a host: from there nobody signs up, each change on the record."""

from datetime import datetime

from django.db import transaction

from accounts.signup import blocked_networks
from hosting.models import Host
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed

Action = AuditEntry.Action


def block(
    actor: Actor, host: Host, network: str, reason: str, until: datetime | None = None
) -> AuditEntry:
    """Refuse sign-ups from an address range. Raises NotAllowed, ReasonNeeded, UnfitNetwork,
    TooManyBlocks."""
    reason = permissions.checked(actor, Deed.RANGE_BLOCK, host.tenant_id, reason)
    with transaction.atomic():
        text = blocked_networks.block(host, network, reason, until)
        return audit.record_at_host(actor, host, Action.SIGN_UP_BLOCK, f"{text}: {reason}")


def unblock(actor: Actor, host: Host, network: str, reason: str) -> AuditEntry:
    """Let people sign up from there again. Raises NotAllowed, ReasonNeeded, UnfitNetwork."""
    reason = permissions.checked(actor, Deed.RANGE_BLOCK, host.tenant_id, reason)
    with transaction.atomic():
        text = blocked_networks.unblock(host, network)
        return audit.record_at_host(actor, host, Action.SIGN_UP_UNBLOCK, f"{text}: {reason}")
