"""Rules for e-mail addresses and passwords, of sign-up and of changes.

Messages are the reference's where clients and tests know them; `field` names the form field they
belong to.
"""

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from accounts.authentication.disposable_email import is_disposable
from accounts.authentication.passwords import NEW_PASSWORD_MAX_CHARACTERS
from protocol.errors import InvalidRequest, XrpcError

_is_an_email = EmailValidator(allowlist=[])
# `"quoted local parts"@...`, and `...@[10.0.0.1]`, by which the mail server would be led inside
_ODD_PARTS = frozenset('"[')


class EmailRefused(InvalidRequest):
    """400: none, not an address, one of the throw-away kind, or in use at this host."""

    field = "email"


class EmailMalformed(EmailRefused):
    """400: not an address."""


class EmailDisposable(EmailRefused):
    """400: an address of the throw-away kind."""


class PasswordRefused(XrpcError):
    """400: none, or longer than we hash."""

    name = "InvalidPassword"
    field = "password"


def checked_email(email: str | None) -> str:
    """The address in lower case. Raises `EmailRefused`; whether it is free is not looked at."""
    if not email:
        raise EmailRefused("Email is required")
    email = email.strip().lower()
    unsupported = "This email address is not supported, please use a different email."
    try:
        _is_an_email(email)
    except ValidationError:
        raise EmailMalformed(unsupported) from None
    if _ODD_PARTS & set(email):
        raise EmailMalformed(unsupported)
    if is_disposable(email):
        raise EmailDisposable(unsupported)
    return email


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
        raise PasswordRefused("Password must not be your handle or email address.")
