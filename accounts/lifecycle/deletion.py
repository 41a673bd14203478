"""Account deletion: one verb, whoever asks (owner, staff, or a date the owner set).

Source: com.atproto.server.deleteAccount, com.atproto.admin.deleteAccount. In one transaction the
account's rows go, sessions with them, the package above says `#account` with status `deleted` and
has the repo deleted (repos.lifecycle.deletion), and the person is told by mail. Handle and address
are free again at once. The DID is not tombstoned: it is its owner's, who may take it elsewhere with
a recovery key.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts import status
from accounts.authentication import credentials, email_codes
from accounts.authentication.credentials import InvalidLogin
from accounts.authentication.email_codes import Purpose
from accounts.identity.keys import signing_keys
from accounts.identity.plc import did_refresh
from accounts.models import Account, PlcOperation
from accounts.signals import account_deleted
from hosting.mail import emails, outbox
from hosting.models import Host

_SWEEP_BATCH: Final = 100
_ASK_AGAIN_AFTER: Final = timedelta(hours=6)


class InvalidOwner(InvalidLogin):
    """401: unknown DID or wrong password, never saying which."""

    message = "Invalid did or password"


def delete_own(host: Host, did: str, password: str, code: str) -> None:
    """Delete an account, as its owner: DID, main password and the code that was mailed.

    Whatever the account's status is. Raises InvalidOwner (after 350 ms at least), InvalidToken,
    ExpiredToken.
    """
    account = _owned(host, did, password)
    email_codes.check(account, Purpose.DELETE_ACCOUNT, code)
    delete(account)


def delete_proven(account: Account, code: str) -> None:
    """Delete an account whose owner has just proven who they are, with the code that was mailed.

    Whatever the account's status is. Raises InvalidToken, ExpiredToken, AccountNotFound.
    """
    email_codes.check(account, Purpose.DELETE_ACCOUNT, code)
    delete(account)


def delete(account: Account, *, is_told: bool = True) -> None:
    """Delete an account. Of two who try at once one does it, the other finds nobody. `is_told`: its
    owner gets a mail.

    Raises AccountNotFound.
    """
    with transaction.atomic():
        locked = status.lock_open(account)
        # What the directory was still to be told of it, it need not hear any more.
        PlcOperation.objects.filter(account=locked).decide(PlcOperation.State.WITHDRAWN)
        account_deleted.send(sender=Account, account=locked)
        if is_told:
            mail_confirmation(locked)
        status.end_acting(locked)
        locked.delete()
        signing_keys.forget(locked.host_id, locked.did)


def delete_due() -> None:
    """The sweep: deactivated accounts whose owners wanted them gone by now."""
    due = Account.objects.open().filter(delete_after__lte=timezone.now())
    for account in due.order_by("delete_after")[:_SWEEP_BATCH]:
        if account.moved_away_at is not None and not did_refresh.refresh(account.did):
            # Nobody says whether its DID is back here: the copy may be the account by now.
            same = Account.objects.filter(pk=account.pk, delete_after=account.delete_after)
            same.update(delete_after=timezone.now() + _ASK_AGAIN_AFTER)
            continue
        with suppress(status.AccountNotFound):  # deleted meanwhile
            delete_if_still_due(account)


def delete_if_still_due(account: Account) -> None:
    """Its owner may have come back between the look and now."""
    with transaction.atomic():
        locked = status.lock_open(account)
        if locked.delete_after == account.delete_after:
            delete(locked)


def _owned(host: Host, did: str, password: str) -> Account:
    try:
        account = credentials.authenticate(host, did, password)
    except InvalidLogin:
        raise InvalidOwner from None
    if account.did != did:  # a handle or an address is no DID
        raise InvalidOwner
    return account


def mail_confirmation(account: Account) -> None:
    """The last e-mail; those before it, with the address in them, go."""
    outbox.forget(account.host, account.email)
    handle = account.handle or account.did
    words = {"handle": handle}
    outbox.post_to(account, emails.ACCOUNT_DELETED, words)
