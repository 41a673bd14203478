"""A planned deletion: called off by its owner's return, and reminded of before it comes.

Source: com.atproto.server.deactivateAccount, `deleteAfter`. Whoever signs in on the pages with the
main password wants something of the account, or it was not them who planned its end; so that calls
it off (docs/operators/storage.md). Deadlines that are not the owner's plan stay: for arriving here
(accounts.lifecycle.account_migration.move_in), and for the copy of an account that moved away
(accounts.identity.published_dids).
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import security_changes
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, DeletionReminder
from accounts.models.email import REMINDED_BEFORE
from hosting.mail import emails, outbox

CALLED_OFF: Final = security_changes.kind(
    "deletion_called_off", _("Planned deletion called off, because you signed in")
)
_SWEEP_BATCH: Final = 100


def date_of(account: Account) -> datetime | None:
    """When the account is deleted because its owner wants it; None: never."""
    if account.delete_after is None or account.moved_away_at is not None:
        return None
    return None if move_in.is_moving_in(account) else account.delete_after


def call_off(account: Account) -> bool:
    """Take back what its owner planned; whether anything was. The account stays deactivated.

    Raises AccountNotFound.
    """
    if date_of(account) is None:
        return False
    with transaction.atomic():
        locked = status.lock_open(account)
        if date_of(locked) is None:
            return False
        locked.delete_after = None
        locked.save(update_fields=["delete_after"])
        DeletionReminder.objects.plan(locked)
        security_changes.note(locked, CALLED_OFF)
    account.delete_after = None
    return True


def remind_due() -> None:
    """The sweep: reminders whose time has come, each mailed once."""
    due = DeletionReminder.objects.filter(due_at__lte=timezone.now())
    for reminder_id in list(due.values_list("pk", flat=True)[:_SWEEP_BATCH]):
        _remind(reminder_id)


def _remind(reminder_id: int) -> None:
    """One reminder, unless another worker has it, or the date is another by now."""
    with transaction.atomic():
        reminders = DeletionReminder.objects.select_for_update(skip_locked=True, of=("self",))
        reminder = reminders.select_related("account__host").filter(pk=reminder_id).first()
        if reminder is None:
            return
        reminder.delete()
        account = reminder.account
        if account.delete_after in [reminder.due_at + before for before in REMINDED_BEFORE]:
            _mail(account)


def _mail(account: Account) -> None:
    context = {
        "handle": account.handle or account.did,
        "delete_at": account.delete_after,
        "has_moved": account.moved_away_at is not None,
    }
    outbox.post_to(account, emails.DELETION_REMINDER, context)
