"""Password checks: the one look-up that XRPC login and the sign-in page share.

Somebody who guesses learns nothing: an unknown name costs the same hash as a wrong password, both
take at least 350 ms, and both get the same answer. App passwords count for XRPC alone.
"""

import hashlib
import secrets
import time
import unicodedata
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.authentication import app_passwords, sign_in_alerts
from accounts.authentication.passwords import OLD_PASSWORD_MAX_CHARACTERS
from accounts.authentication.sign_in_alerts import UNKNOWN_CLIENT, Client, Way
from accounts.models import Account, AppPassword, HeldSignUp
from hosting.models import Host
from protocol.errors import XrpcError

REFUSAL_TAKES_S = 0.350


class InvalidLogin(XrpcError):
    """401: unknown identifier or wrong password, never saying which."""

    name = "AuthenticationRequired"
    status = 401
    message = "Invalid identifier or password"
    page_text = _("The name or the password is wrong.")


class SignUpWaits(XrpcError):
    """400: this sign-up waits for the host's staff; said to whoever sends it again, and to whoever
    signs in with its password."""

    name = "SignupQueued"
    message = (
        "Your sign-up is waiting for this server's staff. You will get an e-mail when they"
        " have decided."
    )
    page_text = _(
        "Your sign-up waits for the staff of this host. You get an e-mail when they have decided."
    )


@dataclass(frozen=True, slots=True)
class Login:
    """Whose password it was, and which: `app_password` is None for the main one."""

    account: Account
    app_password: AppPassword | None = None


def authenticate(
    host: Host, identifier: str, password: str, client: Client = UNKNOWN_CLIENT
) -> Account:
    """The open account, whatever its status, of this identifier and main password.

    The identifier is an e-mail when it has an `@`, a DID when it begins with `did:`, else a
    handle; letter case does not matter. The owner can see which `client` failed. Raises
    `InvalidLogin`, `SignUpWaits`.
    """
    started = time.monotonic()
    account = find(host, identifier)
    if _is_right(account, password) and account is not None:
        return account
    raise _refusal(started, host, identifier, password, account, client)


def authenticate_app(
    host: Host, identifier: str, password: str, client: Client = UNKNOWN_CLIENT
) -> Login:
    """As `authenticate`, but one of the account's app passwords will do. Raises the same."""
    started = time.monotonic()
    account = find(host, identifier)
    app_password = app_passwords.matching(account, password) if account is not None else None
    if account is not None and app_password is not None:
        return Login(account, app_password)
    if _is_right(account, password) and account is not None:
        return Login(account)
    raise _refusal(started, host, identifier, password, account, client)


def normalized(identifier: str) -> str:
    """An identifier as people mean it: without the marks of direction that come along when it is
    copied, blanks, the `@` in front of a handle and the dot behind it; in lower case."""
    visible = "".join(sign for sign in identifier if unicodedata.category(sign) != "Cf")
    return visible.strip().removeprefix("@").rstrip(".").lower()


def find(host: Host, identifier: str) -> Account | None:
    """The open account that an identifier means at this host."""
    identifier = normalized(identifier)
    accounts = Account.objects.of(host).open().select_related("host__tenant")
    if "\0" in identifier:
        return None  # Postgres takes no NUL in a text
    if "@" in identifier:
        return accounts.filter(email=identifier).first()
    return accounts.named(identifier).first()


def counted_as(host: Host, identifier: str) -> str:
    """Under which name attempts at a password are counted: the account that the identifier leads
    to, until its password changes (a new one begins with a clean slate), else the identifier."""
    account = find(host, identifier)
    if account is None:
        return normalized(identifier)
    return f"{account.did}#{hashlib.sha256(account.password.encode()).hexdigest()[:16]}"


def _refuse_waiting(host: Host, identifier: str, password: str) -> None:
    """Raise SignUpWaits for somebody whose sign-up the staff have not decided, and who knows the
    password it came with. The extra hash hides behind REFUSAL_TAKES_S."""
    name = normalized(identifier)
    if not name or "\0" in name or len(password) > OLD_PASSWORD_MAX_CHARACTERS:
        return
    waiting = HeldSignUp.objects.of(host).waiting().exclude(password="")
    held = waiting.filter(Q(handle=name) | Q(email=name)).first()
    if held is not None and check_password(password, held.password):
        raise SignUpWaits


def _refusal(  # noqa: PLR0913, PLR0917 - all that was tried
    started: float,
    host: Host,
    identifier: str,
    password: str,
    account: Account | None,
    client: Client,
) -> InvalidLogin:
    """The one answer to every failure, once its time has come. Raises SignUpWaits."""
    if account is not None:
        sign_in_alerts.record(account, client, Way.PASSWORD, is_success=False)
    _refuse_waiting(host, identifier, password)
    time.sleep(max(0.0, REFUSAL_TAKES_S - (time.monotonic() - started)))
    return InvalidLogin()


def _is_right(account: Account | None, password: str) -> bool:
    """Always one hash, against a password that nobody has when there is no account."""
    is_tried = len(password) <= OLD_PASSWORD_MAX_CHARACTERS
    encoded = account.password if account is not None and is_tried else dummy_password()
    is_right = check_password(password[:OLD_PASSWORD_MAX_CHARACTERS], encoded) and is_tried
    if is_right and account is not None and encoded.startswith("scrypt$"):
        _hash_anew(account, password)
    return is_right


def _hash_anew(account: Account, password: str) -> None:
    """Keep the password of an adopted account as our own are kept, unless it changes meanwhile."""
    hashed = make_password(password)
    same = Account.objects.filter(pk=account.pk, password=account.password)
    if same.update(password=hashed):
        account.password = hashed


@cache
def dummy_password() -> str:
    """The hash of a password that nobody has."""
    return make_password(secrets.token_urlsafe(32))
