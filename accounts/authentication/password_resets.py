"""New passwords: by a code that was mailed, or by who is signed in.

Source: com.atproto.server.requestPasswordReset, resetPassword. A reset signs out everybody, in
apps and on the pages, because nobody knows who had the old one. App passwords stay: they are
revoked one by one, by their owner.
"""

from contextlib import suppress
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import (
    credential_rules,
    credentials,
    email_address,
    email_codes,
    security_changes,
)
from accounts.authentication.email_codes import Purpose
from accounts.models import Account
from hosting.limits import RateLimitExceeded
from hosting.mail import emails
from hosting.models import Host
from protocol.errors import InvalidRequest
from server.jobs import worker_tasks

PASSWORD_RESET: Final = security_changes.kind(
    "password_reset", _("New password set with a mailed code"), email=emails.PASSWORD_CHANGED
)


class ChangedMeanwhile(InvalidRequest):
    """400: another device has set another password since this one proved who it is."""

    message = "The password was changed in this very moment"
    page_text = _("This page was open for too long. Please try again.")


def ask_by_email(host: Host, email: str) -> None:
    """Mail a code to the account of this address. Raises AccountNotFound when there is none, which
    com.atproto.server.requestPasswordReset tells; the page does not. Raises EmailTooNew.

    Somebody who got enough e-mails lately gets no further one, and nobody is told of it.
    """
    account = credentials.find(host, email) if "@" in email else None
    if account is None:
        raise status.AccountNotFound
    email_address.check_trusted(account)
    with suppress(RateLimitExceeded):
        email_codes.mail(account, Purpose.RESET_PASSWORD)


def mail_code(host: Host, identifier: str, language: str) -> None:
    """Mail a code to whoever goes by that handle, address or DID, if anybody does."""
    account = credentials.find(host, identifier)
    if account is not None and account.is_email_trusted:
        with suppress(RateLimitExceeded):
            email_codes.mail(account, Purpose.RESET_PASSWORD, language)


def ask_later(host: Host, identifier: str, language: str) -> None:
    """As `mail_code`, in a worker: the answer to a page takes the same time for everybody.
    Without a broker in this thread."""
    if not worker_tasks.send("accounts.tasks.mail_reset_code", host.pk, identifier, language):
        mail_code(host, identifier, language)


def reset(host: Host, code: str, password: str) -> None:
    """Set the password of the account that the code was mailed to.

    Raises PasswordRefused, InvalidToken, ExpiredToken.
    """
    password = credential_rules.checked_password(password)
    account = email_codes.owner_of(host, Purpose.RESET_PASSWORD, code)
    credential_rules.refuse_guessable(password, account.handle or "", account.email)
    hashed = make_password(password)
    with transaction.atomic():
        locked = status.lock_open(account)
        email_codes.burn(locked, Purpose.RESET_PASSWORD, code)
        _set(locked, hashed)
        status.end_sessions(locked)
        security_changes.note(locked, PASSWORD_RESET)


def change(account: Account, password: str, *, signs_out: bool, address: str = "") -> Account:
    """Set another password for who has just proven to be the owner; the account as it is then.
    `signs_out`: everybody, the caller too.

    Raises PasswordRefused, AccountNotFound, ChangedMeanwhile.
    """
    password = credential_rules.checked_password(password)
    credential_rules.refuse_guessable(password, account.handle or "", account.email)
    hashed = make_password(password)
    with transaction.atomic():
        locked = status.lock_open(account)
        if locked.password != account.password:
            raise ChangedMeanwhile
        _set(locked, hashed)
        if signs_out:
            status.end_sessions(locked)
        security_changes.note(locked, security_changes.PASSWORD_CHANGED, address=address)
    return locked


def _set(account: Account, hashed: str) -> None:
    account.password = hashed
    account.save(update_fields=["password"])
    email_codes.burn_all(account)  # asked for by whoever was signed in
