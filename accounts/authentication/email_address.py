"""E-mail addresses of accounts: confirmed, changed, and used as a second factor.

Source: com.atproto.server.confirmEmail, updateEmail and their siblings. What a mailed code
proves is that the mailbox is theirs, so it takes one to leave a confirmed address, and none to
leave one that nobody ever confirmed. An address that came without a code is not trusted with
codes for the password, the identity or the account's end for three days (`check_trusted`): whoever
stole a session could have put it there.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import credential_rules, email_codes, security_changes
from accounts.authentication.email_codes import Purpose
from accounts.models import Account
from hosting.limits import RateLimitExceeded
from hosting.mail import emails, outbox
from protocol.errors import InvalidRequest, XrpcError
from server.database import connection

_CONFIRM: Final = """
    UPDATE account SET email_confirmed_at = coalesce(email_confirmed_at, %s)
    WHERE id = %s AND email = %s AND opened_at IS NOT NULL RETURNING id
"""


class InvalidEmail(XrpcError):
    """400: not the address that the account has."""

    name = "InvalidEmail"
    message = "Invalid email"


class TokenRequired(XrpcError):
    """400: the change needs a code that was mailed to the address which the account has now."""

    name = "TokenRequired"
    message = "Confirmation token required"


class FactorNeedsOlderEmail(InvalidRequest):
    """400: whoever put the address there lately may have a stolen session, and would lock the owner
    out of the account by codes that they alone can read."""

    message = (
        "Your email address was changed less than 72 hours ago. It can become a second factor"
        " after that time"
    )
    page_text = _(
        "Your e-mail address was changed less than 72 hours ago. It can get codes after that time."
    )


class FactorNeedsConfirmedEmail(InvalidRequest):
    """400: codes to an address that may be somebody else's would lock the owner out."""

    message = "Confirm your email address before it becomes a second factor"
    page_text = _("Confirm your e-mail address first.")


class EmailTooNew(InvalidRequest):
    """400: a code to this address would prove nothing yet."""

    def __init__(self, account: Account) -> None:
        page = f"{account.host.origin}/account/codes"
        super().__init__(
            "The e-mail address of this account was changed less than 72 hours ago, so a code sent"
            f" to it is not enough. Wait until then, or ask for the code with your password: {page}"
        )


@dataclass(frozen=True)
class Change:
    """What updateEmail asks for. `wants_factor` is None where the second factor stays as it is."""

    email: str
    code: str | None = None
    wants_factor: bool | None = None


def confirm(account: Account, email: str, code: str) -> None:
    """Note that the mailbox is theirs. Raises InvalidEmail, InvalidToken, ExpiredToken."""
    if email.strip().lower() != account.email:
        raise InvalidEmail
    email_codes.check(account, Purpose.CONFIRM_EMAIL, code)
    with transaction.atomic():
        params = (timezone.now(), account.pk, account.email)
        if connection.row(_CONFIRM, params) is None:
            raise InvalidEmail  # changed in this very moment
        email_codes.burn(account, Purpose.CONFIRM_EMAIL, code)


def check_trusted(account: Account) -> None:
    """Raise EmailTooNew while the address may be a thief's."""
    if not account.is_email_trusted:
        raise EmailTooNew(account)


def check_can_be_factor(account: Account) -> None:
    """Raise FactorNeedsConfirmedEmail, or FactorNeedsOlderEmail, for an address by whose codes a
    thief could lock the owner out."""
    if account.email_confirmed_at is None:
        raise FactorNeedsConfirmedEmail
    if not account.has_email_auth_factor and not account.is_email_trusted:
        raise FactorNeedsOlderEmail


def welcome(account: Account, language: str | None) -> None:
    """Mail the code that confirms the address of a new account, unless that is switched off.

    `language` is the reader's; None: the host's own. A sign-up does not fail for want of it.
    """
    if settings.SIGN_UP_MAIL:
        with suppress(RateLimitExceeded):
            email_codes.mail(account, Purpose.CONFIRM_EMAIL, language)


def ask_to_change(account: Account) -> bool:
    """Mail a code to the present address, if the change will need one; whether it will."""
    is_needed = account.email_confirmed_at is not None
    if is_needed:
        email_codes.mail(account, Purpose.UPDATE_EMAIL)
    return is_needed


def change(account: Account, wanted: Change) -> None:
    """Take a new address, which is not confirmed then, or switch the second factor, or both.

    Raises EmailRefused, EmailInUse, TokenRequired, InvalidToken, ExpiredToken,
    FactorNeedsConfirmedEmail, FactorNeedsOlderEmail, AccountFrozen.
    """
    email = credential_rules.checked_email(wanted.email)
    needs_code = _needs_code(account, email, wanted)
    if needs_code and not wanted.code:
        raise TokenRequired
    if needs_code and wanted.code:
        email_codes.check(account, Purpose.UPDATE_EMAIL, wanted.code)
    try:
        with transaction.atomic():
            locked = status.lock_open(account)
            if needs_code and wanted.code:
                email_codes.burn(locked, Purpose.UPDATE_EMAIL, wanted.code)
            _apply(locked, email, wanted, is_proven=needs_code)
    except IntegrityError as error:
        if Account.objects.of(account.host).filter(email=email).exists():
            raise credential_rules.EmailInUse from error
        raise


def _needs_code(account: Account, email: str, wanted: Change) -> bool:
    """To add a second factor takes nothing from anybody, so it needs no code."""
    only_adds_factor = email == account.email and wanted.wants_factor is True
    return account.email_confirmed_at is not None and not only_adds_factor


def _apply(account: Account, email: str, wanted: Change, *, is_proven: bool) -> None:
    """The change, under the account's lock."""
    before = account.email
    if email != before:
        status.refuse_held(account)
        _tell_old_address(account, email)
        account.email, account.email_confirmed_at = email, None
        if not is_proven:
            account.email_replaced_at = timezone.now()
        email_codes.burn_all(account)  # they went to the other address
    if wanted.wants_factor:
        check_can_be_factor(account)
    if wanted.wants_factor is not None:
        account.has_email_auth_factor = wanted.wants_factor
    account.save(
        update_fields=[
            "email",
            "email_confirmed_at",
            "email_replaced_at",
            "has_email_auth_factor",
        ]
    )


def _take_back(account: Account, noted: Mapping[str, Any]) -> None:
    """The address of before, whose reader has the link and so is known. Raises EmailInUse,
    AccountFrozen."""
    status.refuse_held(account)
    if Account.objects.of(account.host).filter(email=noted["email"]).exclude(pk=account.pk):
        raise credential_rules.EmailInUse
    account.email, account.email_confirmed_at = noted["email"], timezone.now()
    account.email_replaced_at = None
    account.save(update_fields=["email", "email_confirmed_at", "email_replaced_at"])
    email_codes.burn_all(account)


EMAIL_CHANGED: Final = security_changes.kind(
    "email_changed", _("E-mail address changed"), _take_back, is_of_mailbox=True
)


def _tell_old_address(account: Account, address: str) -> None:
    """That another one takes its place. An address that nobody confirmed hears of it once: it may
    be a bystander's, put there by somebody who changes to and fro."""
    if account.email_confirmed_at is not None:
        undo = {"email": account.email}
        security_changes.note(account, EMAIL_CHANGED, detail=address, undo=undo)
    elif account.is_email_trusted:
        context = {"handle": account.handle or account.did}
        outbox.post_to(account, emails.UNCONFIRMED_EMAIL_CHANGED, context)
