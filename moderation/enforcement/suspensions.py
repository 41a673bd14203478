"""Suspensions of accounts until a date, lifted by a task when it has come.

The end is a column of the account, so that a restart forgets none. Of two states the graver one
shows (accounts.models.Account): a takedown hides a suspension that runs beside it, and a
suspension hides a deactivation. What is underneath shows again when the graver one is lifted.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.models import Account
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol.errors import InvalidRequest

AUTOMATIC: Final = "automatic"  # the actor of what no person does
LONGEST: Final = timedelta(days=5 * 366)
_BATCH: Final = 200


class UnfitEnd(InvalidRequest):
    """400: a suspension ends in the future, within five years."""

    message = "until must lie ahead, within five years"
    page_text = _("Enter a day from tomorrow on, within five years.")
    field = "until"


def suspend(actor: Actor, account: Account, reason: str, until: datetime) -> AuditEntry:
    """Suspend an account; a repetition takes the new end and is announced again.

    Raises NotAllowed, ReasonNeeded, UnfitEnd, AccountNotFound.
    """
    reason = permissions.checked(actor, Deed.SUSPEND, account.host.tenant_id, reason)
    if not timezone.now() < until <= timezone.now() + LONGEST:
        raise UnfitEnd
    with transaction.atomic():
        said = f"{reason} ({until:%Y-%m-%d %H:%M} UTC)"
        entry = audit.record(actor, account, AuditEntry.Action.ACCOUNT_SUSPEND, said)
        status.suspend(account, until)
    return entry


def lift(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Lift a suspension before its end. Raises NotAllowed, ReasonNeeded, AccountNotFound."""
    reason = permissions.checked(actor, Deed.SUSPEND, account.host.tenant_id, reason)
    with transaction.atomic():
        entry = audit.record(actor, account, AuditEntry.Action.ACCOUNT_LIFT_SUSPENSION, reason)
        status.lift_suspension(account)
    return entry


def lift_due() -> int:
    """The sweep: suspensions whose end has come, each in a transaction of its own; how many."""
    due = Account.objects.open().filter(suspended_until__lte=timezone.now())
    accounts = due.select_related("host__tenant").order_by("suspended_until")
    return sum(map(_lift_if_still_due, accounts[:_BATCH]))


def _lift_if_still_due(account: Account) -> bool:
    """Staff may have set another end between the look and now; the account may be gone."""
    with suppress(status.AccountNotFound), transaction.atomic():
        locked = status.lock_open(account)
        if locked.suspended_until == account.suspended_until:
            lift(AUTOMATIC, locked, "Its time is over")
            return True
    return False
