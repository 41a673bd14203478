"""Review of held sign-ups: approved, refused, deleted after a flood; and sign-ups resumed.

The verbs are the accounts package's (`accounts.signup.approval_queue`,
`accounts.signup.velocity_limit`); here the role is checked and the action is logged, in one
transaction with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from accounts.models import HeldSignUp
from accounts.signup import approval_queue, velocity_limit
from hosting.models import Host, StaffUser
from hosting.tenancy import routing
from moderation import audit, permissions
from moderation.models import AuditEntry
from moderation.permissions import Deed

Action = AuditEntry.Action


@dataclass(frozen=True)
class Admission:
    """Who may sign up (Host.Admission), how many in ten minutes, how often codes are earned."""

    policy: str
    sign_up_limit_count: int | None
    invite_interval: timedelta | None
    reason: str


def approve(staff: StaffUser, held: HeldSignUp, reason: str) -> None:
    """Let somebody in. Raises NotAllowed, ReasonNeeded, and as `approval_queue.approve` does."""
    reason = _checked(staff, held.host, reason)
    with transaction.atomic():
        audit.record_at_host(staff, held.host, Action.SIGN_UP_APPROVE, reason, held.handle)
        approval_queue.approve(held)


def refuse(staff: StaffUser, held: HeldSignUp, reason: str) -> None:
    """Say no to somebody, by mail. Raises NotAllowed, ReasonNeeded, AlreadyDecided."""
    reason = _checked(staff, held.host, reason)
    with transaction.atomic():
        audit.record_at_host(staff, held.host, Action.SIGN_UP_REFUSE, reason, held.handle)
        approval_queue.refuse(held)


def discard(staff: StaffUser, host: Host, ids: Sequence[int], reason: str) -> int:
    """Say no to many, without mail; how many. Raises NotAllowed, ReasonNeeded."""
    reason = _checked(staff, host, reason)
    with transaction.atomic():
        discarded = approval_queue.discard(host, ids)
        for held in discarded:
            audit.record_at_host(staff, host, Action.SIGN_UP_REFUSE, reason, held.handle)
    return len(discarded)


def reopen(staff: StaffUser, host: Host, reason: str) -> None:
    """Resume sign-ups after the velocity limit held them. Raises NotAllowed, ReasonNeeded."""
    reason = _checked(staff, host, reason)
    with transaction.atomic():
        audit.record_at_host(staff, host, Action.SIGN_UP_REOPEN, reason)
        velocity_limit.reopen(host)


def change_admission(staff: StaffUser, host: Host, wanted: Admission) -> None:
    """Another admission policy. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(staff, Deed.SIGN_UPS_POLICY, host.tenant_id, wanted.reason)
    said = f"{wanted.policy}: {reason}"
    with transaction.atomic():
        audit.record_at_host(staff, host, Action.HOST_CHANGE_ADMISSION, said)
        Host.objects.filter(pk=host.pk).update(
            admission=wanted.policy,
            sign_up_limit_count=wanted.sign_up_limit_count,
            invite_interval=wanted.invite_interval,
        )
    routing.forget()


def _checked(staff: StaffUser, host: Host, reason: str) -> str:
    return permissions.checked(staff, Deed.SIGN_UPS_DECIDE, host.tenant_id, reason)
