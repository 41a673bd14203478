"""Second factors removed by support, for somebody who lost them all; on the record.

The password stays, so this lets in nobody who does not know it. The account's owner is told by
mail, in the same transaction (accounts.authentication.factors.changes).
"""

from django.db import transaction

from accounts.authentication.factors import changes, second_step
from accounts.authentication.factors.holders import of_account
from accounts.models import Account
from hosting.models import StaffUser
from moderation import audit, permissions
from moderation.models import AuditEntry
from moderation.permissions import Deed


def has_any(account: Account) -> bool:
    """Whether there is anything to reset."""
    return second_step.ways(of_account(account)) is not None


def reset(staff: StaffUser, account: Account, reason: str) -> None:
    """Remove every second factor of an account. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(staff, Deed.FACTORS_RESET, account.host.tenant_id, reason)
    with transaction.atomic():
        audit.record(staff, account, AuditEntry.Action.ACCOUNT_RESET_FACTORS, reason)
        changes.reset(of_account(account))
