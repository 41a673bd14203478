"""Rules for e-mail addresses and passwords, of sign-up and of changes.

Messages are the reference's where clients and tests know them; `field` names the form field they
belong to.
"""

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from accounts.authentication.passwords import NEW_PASSWORD_MAX_CHARACTERS
from protocol.errors import InvalidRequest, XrpcError

_is_an_email = EmailValidator(allowlist=[])
# `"quoted local parts"@...`, and `...@[10.0.0.1]`, by which the mail server would be led inside
_ODD_PARTS = frozenset('"[')
# Addresses for ten minutes are no way to reach an owner. The well-known ones only: a complete list
# would be stale the day it is written.
_DISPOSABLE = frozenset(
    """
    10minutemail.com 10minutemail.net 20minutemail.com 33mail.com anonbox.net burnermail.io
    byom.de discard.email discardmail.com discardmail.de dispostable.com dropmail.me
    emailondeck.com emlhub.com fakeinbox.com fakemail.net fakemailgenerator.com getairmail.com
    getnada.com guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info
    guerrillamail.net guerrillamail.org guerrillamailblock.com harakirimail.com incognitomail.org
    inboxkitten.com jetable.org mail-temp.com mail.tm mailcatch.com maildrop.cc mailexpire.com
    mailinator.com mailinator.net mailnesia.com mailnull.com mailsac.com minuteinbox.com
    mintemail.com moakt.com mohmal.com mytemp.email mytrashmail.com nada.email sharklasers.com
    spam4.me spambog.com spambox.us spamgourmet.com spamex.com tempail.com tempinbox.com
    tempmail.com
    tempmail.dev tempmail.net tempmail.plus tempmailo.com tempr.email temp-mail.io temp-mail.org
    throwawaymail.com trash-mail.com trashmail.com trashmail.de trashmail.me trashmail.net
    trashmail.ws wegwerfmail.de wegwerfmail.net wegwerfmail.org yopmail.com yopmail.fr yopmail.net
    """.split()  # noqa: SIM905 - a page of words reads better without quotes
)


class EmailRefused(InvalidRequest):
    """400: none, not an address, one of the throw-away kind, or in use at this host."""

    field = "email"
    message = "This email address is not supported, please use a different email."
    page_text = _("This address cannot be used. Enter a different one.")


class EmailMissing(EmailRefused):
    """400: none."""

    message = "Email is required"
    page_text = _("Enter your e-mail address.")


class EmailMalformed(EmailRefused):
    """400: not an address."""

    page_text = _("This is not an e-mail address. It looks like name@example.com.")


class EmailDisposable(EmailRefused):
    """400: an address of the throw-away kind."""

    page_text = _(
        "Disposable addresses are not accepted. Enter one that you keep: it is the way back into"
        " your account."
    )


class EmailTaken(EmailRefused):
    """400: at sign-up, another account of this host has the address."""

    page_text = _("An account here already uses this address. Sign in instead?")

    def __init__(self, email: str) -> None:
        super().__init__(f"Email already taken: {email}")


class EmailInUse(EmailRefused):
    """400: at a change, another account of this host has the address."""

    message = "This email address is already in use, please use a different email."


class PasswordRefused(XrpcError):
    """400: none, or longer than we hash."""

    name = "InvalidPassword"
    field = "password"


class PasswordIsAName(PasswordRefused):
    """400: what everybody sees is the first thing that is guessed."""

    message = "Password must not be your handle or email address."
    page_text = _("Choose a password that is not your handle or e-mail address.")


def checked_email(email: str | None) -> str:
    """The address in lower case. Raises `EmailRefused`; whether it is free is not looked at."""
    if not email:
        raise EmailMissing
    email = email.strip().lower()
    try:
        _is_an_email(email)
    except ValidationError:
        raise EmailMalformed from None
    if _ODD_PARTS & set(email):
        raise EmailMalformed
    if is_disposable(email):
        raise EmailDisposable
    return email


def is_disposable(email: str) -> bool:
    """Whether the address is at a disposable domain or below one."""
    labels = email.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[start:]) in _DISPOSABLE for start in range(len(labels)))


def checked_password(password: str | None) -> str:
    """A password that we hash. Raises `PasswordRefused`."""
    if not password:
        raise PasswordRefused("Password is required")
    if len(password) > NEW_PASSWORD_MAX_CHARACTERS:
        raise PasswordRefused(
            f"Password too long. Maximum length is {NEW_PASSWORD_MAX_CHARACTERS} characters."
        )
    return password


def refuse_guessable(password: str, *names: str) -> None:
    """Raise `PasswordRefused` for a password that is one of the names that everybody sees: handle,
    its first part, address, the part before its `@`."""
    parts = {part for name in names for part in (name, name.split("@")[0], name.split(".")[0])}
    if password.strip().removeprefix("@").lower() in {part.lower() for part in parts if part}:
        raise PasswordIsAName
