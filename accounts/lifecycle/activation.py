"""Deactivation and activation of an account by its owner.

Source: com.atproto.server.deactivateAccount, activateAccount. Sessions of passwords outlive a
deactivation: the owner must be able to come back. Those of apps that came by OAuth end. Both verbs
may be repeated; a repetition is announced again, as in `status`.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import security_changes
from accounts.identity import did_verification
from accounts.identity.plc import did_refresh
from accounts.lifecycle.account_migration import move_in
from accounts.models import (
    Account,
    AppPassword,
    DeletionReminder,
    OAuthConsent,
    Session,
)
from accounts.signals import account_activated, account_moved_in
from hosting.mail import emails, outbox

DEACTIVATED: Final = security_changes.kind("deactivated", _("Account deactivated"))
ACTIVATED: Final = security_changes.kind("activated", _("Account active again"))


def deactivate(
    account: Account,
    delete_after: datetime | None = None,
    *,
    is_by_app: bool = False,
    is_noted: bool = True,
) -> Account:
    """Hide the account from all but its owner. A takedown on top stays what others see. Asked for
    by an app (`is_by_app`), it ends consents and app passwords, too. Whoever has more to
    tell its owner does that (`is_noted`).

    From `delete_after` on the account is deleted (accounts.lifecycle.deletion), unless its owner
    comes back before; a repetition brings its own. It lies settings.DELETION_HOLD_S ahead at the
    least, and the owner is told: whoever holds a stolen session can ask, too. While the address is
    not trusted it lies beyond that time: the e-mail may go to the thief, but the former address was
    told of the change. Raises `AccountNotFound` for one that never opened.
    """
    with transaction.atomic():
        transaction.on_commit(partial(did_refresh.wake, account.did))  # the last step of a move
        locked = status.lock_open(account)
        before, was_active = locked.delete_after, locked.deactivated_at is None
        locked.deactivated_at = locked.deactivated_at or timezone.now()
        # Who is on the way in keeps the deadline for arriving; who is away, that for the copy here.
        is_between = locked.moved_away_at is not None or move_in.is_moving_in(locked)
        if delete_after is not None or not is_between:
            locked.delete_after = None if delete_after is None else _held(locked, delete_after)
            DeletionReminder.objects.plan(locked)
        locked.save(update_fields=["deactivated_at", "delete_after"])
        status.end_oauth(locked)
        if is_by_app:
            _forget_apps(locked)
        if locked.delete_after is not None and _is_news(locked.delete_after, before):
            _tell_when(locked)
        elif was_active and is_noted:
            security_changes.note(locked, DEACTIVATED)
        return status.announce(locked)


def activate(account: Account) -> Account:
    """End a deactivation, once the directory confirms that the DID leads here. Who is frozen
    (accounts.oauth.openid) can only move out.

    Call it outside of any transaction. Raises `InvalidDid`, `DidServerUnavailable`,
    `OwnerHasLeft`, and `AccountNotFound` for an account that is taken down.
    """
    status.refuse_left(account)
    if account.taken_down_at is None:
        did_verification.check(account)
    with transaction.atomic():
        locked = status.lock_open(account)
        if locked.taken_down_at is not None:
            raise status.AccountNotFound
        was_away = locked.moved_away_at is not None
        was_deactivated = locked.deactivated_at is not None
        locked.deactivated_at = locked.delete_after = locked.moved_away_at = None
        locked.save(update_fields=["deactivated_at", "delete_after", "moved_away_at"])
        DeletionReminder.objects.plan(locked)
        locked.refresh_from_db(fields=["status"])  # Postgres derives it
        has_arrived = move_in.finish(locked) or was_away
        if was_deactivated and not has_arrived:
            security_changes.note(locked, ACTIVATED)
        signal = account_moved_in if has_arrived else account_activated
        signal.send(sender=Account, account=locked)
        return locked


def _forget_apps(account: Account) -> None:
    OAuthConsent.objects.filter(account=account).delete()
    AppPassword.objects.filter(account=account).delete()
    Session.objects.filter(account=account, app_password_name__isnull=False).delete()


def _held(account: Account, delete_after: datetime) -> datetime:
    earliest = timezone.now() + timedelta(seconds=settings.DELETION_HOLD_S)
    return max(delete_after, earliest, account.email_trusted_at or earliest)


def _is_news(delete_after: datetime, before: datetime | None) -> bool:
    """Whether the day moved; repetitions of the same request are no reason to write again."""
    return before is None or abs(delete_after - before) > timedelta(days=1)


def _tell_when(account: Account) -> None:
    context = {"handle": account.handle or account.did, "delete_at": account.delete_after}
    outbox.post_to(account, emails.DELETION_SCHEDULED, context)
