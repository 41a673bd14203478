"""Strikes: given by decisions, expired by themselves, and so many of them suspend an account."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.enforcement import suspensions
from moderation.enforcement.suspensions import AUTOMATIC
from moderation.models import AuditEntry, Policy, Strike
from moderation.permissions import Deed

DEFAULT_DAYS: Final = 90  # of a strike without a policy


def give(actor: Actor, account: Account, reason: str, policy: Policy | None = None) -> AuditEntry:
    """Strikes by a policy, or one without. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(actor, Deed.STRIKE, account.host.tenant_id, reason)
    with transaction.atomic():
        entry = audit.record(actor, account, AuditEntry.Action.ACCOUNT_STRIKE, reason)
        count(entry, account, policy, at_least=1)
    return entry


def count(entry: AuditEntry, account: Account, policy: Policy | None, at_least: int = 0) -> int:
    """Put down what a decision under this policy gives, in the caller's transaction; how many
    strikes the account has now."""
    points = max(policy.strikes if policy else 0, at_least)
    days = policy.strike_days if policy else DEFAULT_DAYS
    if points:
        Strike.objects.create(
            host_id=account.host_id,
            did=account.did,
            policy=policy,
            entry=entry,
            count=points,
            expires_at=timezone.now() + timedelta(days=days),
        )
    return open_points(account)


def open_points(account: Account) -> int:
    """How many strikes count against an account at present."""
    return Strike.objects.of(account.host, account.did).open().points()


def suspend_if_due(account: Account, policy: Policy, points: int) -> bool:
    """Suspend an account that has as many strikes as the policy bears, in the caller's transaction:
    the tenant's list decides, and no person. A suspension that ends later stays."""
    if policy.suspends_at is None or points < policy.suspends_at:
        return False
    until = timezone.now() + timedelta(days=policy.suspension_days)
    now = Account.objects.get(pk=account.pk)
    if now.suspended_at and (now.suspended_until is None or now.suspended_until >= until):
        return False
    suspensions.suspend(AUTOMATIC, account, f"{points} strikes: {policy.name}", until)
    return True


def take_back(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Take back all open strikes of an account. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(actor, Deed.STRIKE, account.host.tenant_id, reason)
    with transaction.atomic():
        entry = audit.record(actor, account, AuditEntry.Action.ACCOUNT_TAKE_BACK_STRIKES, reason)
        given = Strike.objects.of(account.host, account.did).open()
        given.update(taken_back_at=timezone.now())
    return entry


def take_back_of(entry: AuditEntry) -> None:
    """Take back what one decision gave, in the caller's transaction."""
    given = Strike.objects.filter(entry=entry, taken_back_at__isnull=True)
    given.update(taken_back_at=timezone.now())
