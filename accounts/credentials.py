"""Whose password is it: the one look-up that XRPC login and the sign-in page share.

Somebody who guesses learns nothing: an unknown name costs the same hash as a wrong password, both
take at least 350 ms, and both get the same answer. App passwords count for XRPC alone.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import check_password, make_password

from accounts import app_passwords
from accounts.models import Account, AppPassword
from accounts.passwords import OLD_PASSWORD_MAX_CHARACTERS
from hosting.models import Host
from protocol.errors import XrpcError

REFUSAL_TAKES_S = 0.350


class InvalidLogin(XrpcError):
    """401: unknown identifier or wrong password, never saying which."""

    name = "AuthenticationRequired"
    status = 401

    def __init__(self, message: str = "Invalid identifier or password") -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Proof:
    """Whose password it was, and which: `app_password` is None for the main one."""

    account: Account
    app_password: AppPassword | None = None


def authenticate(host: Host, identifier: str, password: str) -> Account:
    """The open account, whatever its status, of this identifier and main password.

    The identifier is an e-mail when it has an `@`, a DID when it begins with `did:`, else a
    handle; letter case does not matter. Raises `InvalidLogin`.
    """
    started = time.monotonic()
    account = find(host, identifier)
    if _is_right(account, password) and account is not None:
        return account
    raise _refusal(started)


def authenticate_app(host: Host, identifier: str, password: str) -> Proof:
    """As `authenticate`, but one of the account's app passwords will do. Raises `InvalidLogin`."""
    started = time.monotonic()
    account = find(host, identifier)
    app_password = app_passwords.matching(account, password) if account is not None else None
    if account is not None and app_password is not None:
        return Proof(account, app_password)
    if _is_right(account, password) and account is not None:
        return Proof(account)
    raise _refusal(started)


def find(host: Host, identifier: str) -> Account | None:
    """The open account that an identifier means at this host."""
    identifier = identifier.strip().lower()
    accounts = Account.objects.of(host).open().select_related("host")
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
        return identifier.strip().lower()
    return f"{account.did}#{hashlib.sha256(account.password.encode()).hexdigest()[:16]}"


def _refusal(started: float) -> InvalidLogin:
    """The one answer to every failure, once its time has come."""
    time.sleep(max(0.0, REFUSAL_TAKES_S - (time.monotonic() - started)))
    return InvalidLogin()


def _is_right(account: Account | None, password: str) -> bool:
    """Always one hash, against a password that nobody has when there is no account."""
    is_tried = len(password) <= OLD_PASSWORD_MAX_CHARACTERS
    encoded = account.password if account is not None and is_tried else _nobodys_password()
    return check_password(password[:OLD_PASSWORD_MAX_CHARACTERS], encoded) and is_tried


@cache
def _nobodys_password() -> str:
    return make_password(secrets.token_urlsafe(32))
