"""Who may sign up with what: the rules of com.atproto.server.createAccount, before any row.

Every door (XRPC, the sign-up page) hands in a `SignUp` and gets the same refusals; whether anybody
is let in at all is `admission_policy`'s to say. Messages are the
reference's where clients and tests know them; `field` names the form field they belong to.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from accounts import arriving_handles, handles
from accounts.disposable import is_disposable
from accounts.models import Account
from accounts.passwords import NEW_PASSWORD_MAX_CHARACTERS
from hosting.models import Host
from protocol.errors import InvalidRequest, XrpcError
from protocol.keys import PublicKey

_is_an_email = EmailValidator(allowlist=[])
# `"quoted local parts"@...`, and `...@[10.0.0.1]`, by which the mail server would be led inside
_ODD_PARTS = frozenset('"[')


@dataclass(frozen=True)
class SignUp:
    """What somebody hands in. `recovery_key` is a did:key that ranks above the host's own; `did` is
    the DID of somebody who moves in, proven before any row is written; empty for all others."""

    handle: str
    email: str | None
    password: str | None
    recovery_key: str | None = None
    invite_code: str | None = None
    did: str = ""
    verification_code: str | None = None  # accounts.captcha
    address: str = ""  # the client's IP address
    language: str | None = None  # the reader's, where a page told it; None: the host's own


@dataclass(frozen=True)
class Admitted:
    """A sign-up that kept the rules, in normal form. The last two may be empty."""

    handle: str
    email: str
    password: str
    recovery_key: str
    invite_code: str = ""


class HandleTaken(InvalidRequest):
    """400 without a name of its own: that is what clients expect at sign-up."""

    field = "handle"


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


class RecoveryKeyRefused(InvalidRequest):
    """400: not a did:key of a curve that did:plc knows."""

    field = "recovery_key"


def check(host: Host, wish: SignUp) -> Admitted:
    """The wish in its normal form. Uniqueness is looked at by `check_free`, and held by Postgres.

    Raises the errors of this module and of `handles.check_new`.
    """
    email = checked_email(wish.email)
    password = checked_password(wish.password)
    handle = _checked_handle(host, wish)
    refuse_guessable(password, handle, email)
    recovery_key = checked_recovery_key(wish.recovery_key or "")
    invite_code = (wish.invite_code or "").strip().lower()
    return Admitted(handle, email, password, recovery_key, invite_code)


def _checked_handle(host: Host, wish: SignUp) -> str:
    """People who move in may bring a handle of their own domain."""
    if wish.did:
        return arriving_handles.check(host, wish.did, wish.handle)
    return handles.check_new(host, wish.handle)


def check_free(host: Host, wish: Admitted) -> None:
    """Spare the work of a sign-up that is bound to fail. Raises `HandleTaken`, `EmailRefused`."""
    if handles.is_taken(wish.handle):
        raise handle_taken(wish)
    if Account.objects.of(host).filter(email=wish.email).exists():
        raise email_taken(wish)


def handle_taken(wish: Admitted) -> HandleTaken:
    return HandleTaken(f"Handle already taken: {wish.handle}")


def email_taken(wish: Admitted) -> EmailRefused:
    return EmailRefused(f"Email already taken: {wish.email}")


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


def checked_recovery_key(recovery_key: str) -> str:
    """The did:key, or nothing when none was given. Raises `RecoveryKeyRefused`."""
    try:
        return PublicKey.from_did_key(recovery_key).did_key if recovery_key else ""
    except ValueError:
        raise RecoveryKeyRefused("The recovery key must be a did:key of k256 or p256.") from None
