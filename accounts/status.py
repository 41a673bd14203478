"""Account status: taken down, suspended, and back (its owner's part: `activation`).

All verbs may be repeated. A repetition changes nothing but is announced again, so that a relay
which missed the first word hears the second (com.atproto.admin.updateSubjectStatus).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Account,
    OAuthDeviceAccount,
    OAuthRequest,
    OAuthSession,
    OpenIdIdentity,
    Session,
    WebSession,
    account_lookups,
)
from accounts.signals import account_status_changed
from hosting.models import Host
from hosting.tenancy import suspension
from protocol.errors import XrpcError


class AccountTakedown(XrpcError):
    """401: the account was taken down by its host."""

    name = "AccountTakedown"
    status = 401
    message = "Account has been taken down"
    page_text = _("This account was taken down by its host. You cannot sign in.")


class AccountSuspended(XrpcError):
    """401: the account is suspended for a time."""

    name = "AccountSuspended"
    status = 401
    message = "Account is suspended"
    page_text = _("Your account is suspended.")


class AccountFrozen(XrpcError):
    """400: nothing of the account changes at present, because of a legal hold. Its owner notices
    by this answer, and is not told why."""

    name = "AccountFrozen"
    message = "This account cannot be changed at present"
    page_text = _("This account cannot be changed at present.")


class OwnerHasLeft(XrpcError):
    """400: the tenant's directory does not know its owner any more: it can only move out."""

    name = "AccountFrozen"
    message = "The account is frozen: its tenant's directory does not know its owner any more"
    page_text = _("This account is frozen. You can take your data and move to another host.")


class AccountNotFound(XrpcError):
    """400: no account here, or one that never opened, which is the same to everybody."""

    name = "AccountNotFound"
    message = "Account not found"


def take_down(account: Account, ref: str = "") -> Account:
    """Take an account down: nobody can sign in to it, refresh, or read it.

    Its sessions end in the same transaction. A repeated takedown keeps the first moment and takes
    the new `ref`. Raises `AccountNotFound` for one that never opened.
    """
    with transaction.atomic():
        locked = lock_open(account)
        locked.taken_down_at = locked.taken_down_at or timezone.now()
        locked.takedown_ref = ref
        end_sessions(locked)
        locked.save(update_fields=["taken_down_at", "takedown_ref"])
        return announce(locked)


def restore(account: Account) -> Account:
    """Undo a takedown; a deactivation or suspension underneath shows again."""
    with transaction.atomic():
        locked = lock_open(account)
        locked.taken_down_at = None
        locked.takedown_ref = ""
        locked.save(update_fields=["taken_down_at", "takedown_ref"])
        return announce(locked)


def suspend(account: Account, until: datetime | None) -> Account:
    """Suspend an account: nobody reads it and it writes nothing; its owner can still sign in, see
    why, take the data and leave. Apps that came by OAuth are signed out.

    A repetition keeps the first moment and takes the new end. Raises `AccountNotFound`.
    """
    with transaction.atomic():
        locked = lock_open(account)
        locked.suspended_at = locked.suspended_at or timezone.now()
        locked.suspended_until = until
        end_oauth(locked)
        locked.save(update_fields=["suspended_at", "suspended_until"])
        return announce(locked)


def lift_suspension(account: Account) -> Account:
    """End a suspension; a takedown or deactivation beside it stays."""
    with transaction.atomic():
        locked = lock_open(account)
        locked.suspended_at = locked.suspended_until = None
        locked.save(update_fields=["suspended_at", "suspended_until"])
        return announce(locked)


def refuse_withheld(account: Account) -> None:
    """Raise for who may not speak to other services: AccountTakedown, AccountSuspended."""
    if account.taken_down_at is not None:
        raise AccountTakedown
    if account.suspended_at is not None:
        raise AccountSuspended


def refuse_held(account: Account) -> None:
    """Raises AccountFrozen for an account under a legal hold."""
    if account.held_at is not None:
        raise AccountFrozen


def refuse_left(account: Account) -> None:
    """Raises OwnerHasLeft for an account that is frozen (accounts.oauth.openid)."""
    if OpenIdIdentity.objects.filter(account=account, left_at__isnull=False).exists():
        raise OwnerHasLeft


def lock_open(account: Account) -> Account:
    """The account's row, locked against every other change of status and every new session.

    Weak enough (FOR NO KEY UPDATE) not to hold up rows that merely point at it. Raises
    `AccountNotFound`.
    """
    locked = account_lookups.lock(account)
    if locked is None:
        raise AccountNotFound
    return locked


def lock_for_session(account: Account) -> Account:
    """As `lock_open`, for starting or continuing a session. Raises `AccountTakedown` too."""
    locked = lock_open(account)
    if locked.taken_down_at is not None:
        raise AccountTakedown
    return locked


def lock_for_refresh(host: Host, did: str) -> Account:
    """As `lock_for_session`, for a DID at a host, in one statement."""
    locked = account_lookups.lock_open(host, did)
    if locked is None:
        raise AccountNotFound
    if locked.taken_down_at is not None:
        raise AccountTakedown
    return locked


def end_sessions(account: Account, but: str = "") -> None:
    """Sign out everybody, in apps and on the pages, in the caller's transaction, which holds the
    account's row: no session begins meanwhile. `but`: the web session that goes on."""
    Session.objects.filter(account=account).delete()
    WebSession.objects.filter(account=account).exclude(pk=but).delete()
    end_oauth(account)


def end_oauth(account: Account) -> None:
    """Sign out every app that came by OAuth, and every browser in which it was granted: codes under
    way as well, and apps by which this person acts for others. As `end_sessions`; consents stay."""
    OAuthSession.objects.filter(account=account).delete()
    OAuthRequest.objects.filter(account=account).delete()
    OAuthDeviceAccount.objects.filter(account=account).delete()
    end_acting(account)


def end_acting(account: Account) -> None:
    """Sign out the apps by which this person acts for others, codes under way as well."""
    acting = {"delegation__controller_did": account.did, "account__host_id": account.host_id}
    OAuthSession.objects.filter(**acting).delete()
    OAuthRequest.objects.filter(**acting).delete()


def public_status(account: Account) -> str:
    """The status that the network is told: who is active at a suspended tenant is suspended."""
    is_withheld = account.is_active and suspension.is_suspended(account.host)
    return Account.Status.SUSPENDED if is_withheld else account.status


def announce(account: Account) -> Account:
    """Tell the packages above of a row just saved, in its transaction."""
    account.refresh_from_db(fields=["status"])  # Postgres derives it
    account_status_changed.send(sender=Account, account=account)
    return account
