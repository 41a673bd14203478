"""Second factors removed by support, for somebody who lost them all; on the record.

The password stays, so this lets in nobody who does not know it. The account's owner is told by
mail, in the same transaction (accounts.authentication.factors.changes).
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authentication.factors import changes, second_step
from accounts.authentication.factors.holders import of_account
from accounts.models import Account
from hosting.models import Member, StaffUser
from moderation import audit
from moderation.models import AuditEntry
from moderation.permissions import NotAllowed, checked_reason


class FactorResetNotAllowed(NotAllowed):
    """403: auditors look on."""

    message = "Your role does not allow resetting second factors."
    page_text = _("Your role does not allow resetting second factors.")


def may_reset(staff: StaffUser, account: Account) -> bool:
    """Whether `staff` may reset factors of an account: everybody but auditors."""
    return bool(staff.roles_at(account.host.tenant_id) & Member.MAY_ADMIT)


def has_any(account: Account) -> bool:
    """Whether there is anything to reset."""
    return second_step.ways(of_account(account)) is not None


def reset(staff: StaffUser, account: Account, reason: str) -> None:
    """Remove every second factor of an account. Raises NotAllowed, ReasonNeeded."""
    is_allowed = may_reset(staff, account)
    reason = checked_reason(reason, is_allowed=is_allowed, refusal=FactorResetNotAllowed)
    with transaction.atomic():
        audit.record(staff, account, AuditEntry.Action.ACCOUNT_RESET_FACTORS, reason)
        changes.reset(of_account(account))
