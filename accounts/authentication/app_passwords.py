"""App passwords: made by us for one app each, with fewer rights, and shown once.

Source: com.atproto.server.createAppPassword and its siblings. They work for XRPC logins alone, not
on the account pages. How they are hashed: 80 random bits need no slow hash to withstand a search,
so 1,000 rounds of PBKDF2 (0.3 ms, worth ten bits more) replace argon2's 23 ms, and one
hash, salted with the DID, is compared with all that an account has.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.authentication import security_changes
from accounts.models import Account, AppPassword, account_lookups
from accounts.status import lock_for_session, lock_open
from hosting.models import Host
from protocol.errors import InvalidRequest, XrpcError
from server.database import connection
from server.database.prepared import TRUE, Question, Row, Statement, moment
from server.encryption import random_codes

NAME_MAX_CHARACTERS = 100
MOST_AN_ACCOUNT = 100  # each login compares with all of them
_USED_AGAIN_AFTER: Final = timedelta(hours=1)  # spares a write at every sign-in
_ROUNDS = 1_000
FOREIGN: Final = "scrypt:"  # of an account that was adopted, until it is used (provider.adoption)
_LISTED: Final = """
    SELECT p.name, p.created_at, p.is_privileged FROM account a
    LEFT JOIN app_password p ON p.account_id = a.id
    WHERE {} ORDER BY p.created_at, p.id
"""
_REVOKE: Final = "DELETE FROM app_password WHERE account_id = %s AND name = %s RETURNING id"
_END_SESSIONS: Final = (
    "DELETE FROM session WHERE account_id = %s AND app_password_name = %s RETURNING jti"
)
FORM: Final = re.compile("[a-z2-7]{4}(-[a-z2-7]{4}){3}")


class UnfitName(InvalidRequest):
    """400: the name is empty, too long, or not a text that can be stored."""


class NameTaken(InvalidRequest):
    """400: the account has an app password of that name."""

    field = "name"
    page_text = _("You have an app password of this name. Choose another one.")


class TooManyAppPasswords(InvalidRequest):
    """400: one has to be revoked first."""

    page_text = _("You have as many app passwords as there may be. Revoke one first.")


class AppPasswordsBlocked(XrpcError):
    """401: the owner lets apps sign in by OAuth alone, so app passwords rest."""

    name = "AppPasswordsBlocked"
    status = 401
    message = "This account signs in to apps by OAuth only: app passwords are switched off"
    page_text = _("Your apps sign in by OAuth only. Change that under Security first.")


def create(account: Account, name: str, *, is_privileged: bool) -> tuple[AppPassword, str]:
    """Make an app password; its row, and the password, which nobody can read again.

    Raises UnfitName, NameTaken, TooManyAppPasswords, AppPasswordsBlocked, AccountTakedown,
    AccountNotFound.
    """
    if not 1 <= len(name) <= NAME_MAX_CHARACTERS or "\0" in name:
        raise UnfitName(f"App password names must have 1 to {NAME_MAX_CHARACTERS} characters")
    password = random_codes.new()
    with transaction.atomic():
        locked = lock_for_session(account)
        if locked.is_oauth_only:
            raise AppPasswordsBlocked
        if locked.app_passwords.filter(name=name).exists():
            raise NameTaken(f"An app password with this name already exists: {name}")
        if locked.app_passwords.count() >= MOST_AN_ACCOUNT:
            raise TooManyAppPasswords(f"At most {MOST_AN_ACCOUNT} app passwords per account")
        row = AppPassword.objects.create(
            account=locked,
            name=name,
            password_hash=_hash(locked.did, password),
            is_privileged=is_privileged,
        )
        security_changes.note(locked, security_changes.APP_PASSWORD_ADDED, detail=name)
    return row, password


def revoke(account: Account, name: str) -> None:
    """End an app password and the sessions that began with it; harmless when there is none.

    The account's other sessions go on. Raises AccountNotFound.
    """
    with transaction.atomic():
        locked = lock_open(account)  # no login or refresh beside us may leave a session behind
        if connection.rows(_REVOKE, (account.pk, name)):
            security_changes.note(locked, security_changes.APP_PASSWORD_REVOKED, detail=name)
        connection.rows(_END_SESSIONS, (account.pk, name))


def of_account(account: Account) -> list[AppPassword]:
    """What an account has, the oldest first."""
    return list(account.app_passwords.order_by("created_at", "pk"))


class Listed(NamedTuple):
    """What is shown of an app password; as an AppPassword has it."""

    name: str
    created_at: datetime
    is_privileged: bool


def ask(host: Host, did: str, session: str) -> Question:
    """What `listed` is told the answer of."""
    return Question(_listed(), account_lookups.signed_in_params(host, did, session))


def listed(rows: Sequence[Row]) -> list[Listed] | None:
    """As `of_account`, of the account of a session; None unless the session stands."""
    if not rows:
        return None
    return [
        Listed(name.decode(), moment(created_at), is_privileged == TRUE)
        for name, created_at, is_privileged in rows
        if name is not None
    ]


@cache
def _listed() -> Statement:
    sql = _LISTED.format(account_lookups.SIGNED_IN)
    return Statement(sql, account_lookups.SIGNED_IN_TYPES)


def matching(account: Account, password: str) -> AppPassword | None:
    """The account's app password that this is, if it is one."""
    if not FORM.fullmatch(password):
        return None
    hashed, rows = _hash(account.did, password), account.app_passwords.all()
    for row in rows:
        if hmac.compare_digest(row.password_hash, hashed):
            return row
    foreign = [row for row in rows if row.password_hash.startswith(FOREIGN)]
    theirs = _foreign_hash(account.did, password) if foreign else ""
    for row in foreign:
        if hmac.compare_digest(row.password_hash, theirs):
            AppPassword.objects.filter(pk=row.pk).update(password_hash=hashed)
            return row
    return None


def note_use(row: AppPassword) -> None:
    """Somebody signed in with it, just now."""
    now = timezone.now()
    if row.last_used_at is None or row.last_used_at < now - _USED_AGAIN_AFTER:
        AppPassword.objects.filter(pk=row.pk).update(last_used_at=now)


def _hash(did: str, password: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), did.encode(), _ROUNDS).hex()


def _foreign_hash(did: str, password: str) -> str:
    """As the reference PDS does it: scrypt, salted with the DID; half of what it keeps."""
    salt = hashlib.sha256(did.encode()).digest()[:16].hex().encode()
    hashed = hashlib.scrypt(password.encode(), salt=salt, n=16_384, r=8, p=1, dklen=32)
    return FOREIGN + hashed.hex()
