"""The second step of a sign-in: what comes after the right password.

Pages take the steps one after the other (`start`, `complete`), createSession gets both at once
(`require`). App passwords and OAuth tokens need no second step: they came of one. A mailed code is
asked for only where nothing stronger is there, and never taken in its place.

Source: com.atproto.server.createSession. Clients ask for a code when they read
AuthFactorTokenRequired, so it is also the answer to who has an authenticator app; who has passkeys
alone could only be stuck there, and reads PasskeyRequired.
"""

from dataclasses import dataclass

from django.core import signing
from django.utils.crypto import salted_hmac

from accounts.authentication import email_codes, sign_in_alerts
from accounts.authentication.factors import (
    holders,
    mailed_code,
    passkeys,
    recovery_codes,
    typed_codes,
)
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.holders import Holder
from accounts.authentication.factors.passkeys import PasskeyRefused
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.authentication.sign_in_alerts import UNKNOWN_CLIENT, Client
from accounts.models import Account, Totp
from hosting.models import Host
from protocol.errors import XrpcError

SALT = "accounts.authentication.factors.second_step"


class AuthFactorTokenRequired(XrpcError):
    """401: the password is right, and a code is to come with it."""

    name = "AuthFactorTokenRequired"
    status = 401
    message = "A sign in code has been sent to your email address"


class AppCodeRequired(AuthFactorTokenRequired):
    """401: as above, and the code is not mailed."""

    message = "Enter the code of your authenticator app, or a recovery code"


class PasskeyRequired(XrpcError):
    """401: the password is right, and only a browser can show what has to come with it."""

    name = "PasskeyRequired"
    status = 401
    message = (
        "This account signs in with a passkey. Use an app that signs in on your host's page"
        " (OAuth), or an app password"
    )


@dataclass(frozen=True, slots=True)
class Ways:
    """What may be shown after the password: any of them."""

    has_app: bool = False
    has_passkey: bool = False  # that works at this host
    has_recovery_codes: bool = False
    is_mailed: bool = False

    @property
    def takes_code(self) -> bool:
        return self.has_app or self.has_recovery_codes or self.is_mailed


@dataclass(frozen=True, slots=True)
class Shown:
    """What came: a code that was typed, or what a browser says of a passkey (JSON)."""

    code: str = ""
    passkey: str = ""


def ways(holder: Holder) -> Ways | None:
    """What the holder has to show one of; None: the password is enough."""
    if holder.has_strong():
        return Ways(
            has_app=Totp.objects.filter(**holder.owned).exists(),
            has_passkey=passkeys.usable(holder),
            has_recovery_codes=recovery_codes.left(holder) > 0,
        )
    is_mailed = holder.account is not None and holder.account.needs_email_code
    return Ways(is_mailed=True) if is_mailed else None


def require(account: Account, code: str, client: Client = UNKNOWN_CLIENT) -> bool:
    """Let pass who has the code, or needs none, and say whether one was asked for. A code by mail
    is sent when it did not come. Call it once the main password was right, outside of any
    transaction.

    Raises AuthFactorTokenRequired, PasskeyRequired, WrongCode, RateLimitExceeded.
    """
    holder = holders.of_account(account)
    asked = ways(holder)
    if asked is None:
        return False
    if code:
        check(holder, asked, Shown(code), client)
        return True
    if asked.is_mailed:
        mailed_code.send(account)
        raise AuthFactorTokenRequired
    raise AppCodeRequired if asked.has_app else PasskeyRequired


def check(holder: Holder, asked: Ways, shown: Shown, client: Client = UNKNOWN_CLIENT) -> None:
    """Use up what was shown; what is wrong gets into the account's history, because who shows it
    knows the password. Call it outside of any transaction. Raises WrongCode, PasskeyRefused,
    RateLimitExceeded."""
    try:
        _use_up(holder, asked, shown)
    except (WrongCode, PasskeyRefused):
        if holder.account is not None:
            way = sign_in_alerts.Way.TWO_STEPS
            sign_in_alerts.record(holder.account, client, way, is_success=False)
        raise


def _use_up(holder: Holder, asked: Ways, shown: Shown) -> None:
    if shown.passkey:
        passkeys.show(holder, shown.passkey, Purpose.SECOND_STEP)
    elif asked.is_mailed and holder.account is not None:
        mailed_code.spend(holder.account, shown.code)
    else:
        typed_codes.spend(holder, shown.code)


def start(account: Account, asked: Ways, language: str | None = None) -> str:
    """A text by which `complete` knows that the password was right; a code is mailed where it is to
    be. Raises RateLimitExceeded."""
    if asked.is_mailed:
        mailed_code.send(account, language)
    return signing.dumps({"account": account.pk, "password": _mark(account)}, salt=SALT)


def started(host: Host, text: str) -> Account:
    """Whose second step it is. Raises WrongCode for a text that is too old, not ours, or of before
    another password was set."""
    try:
        known = signing.loads(text, salt=SALT, max_age=email_codes.LIVES)
    except signing.BadSignature:
        raise WrongCode from None
    accounts = Account.objects.of(host).open().select_related("host__tenant")
    account = accounts.filter(pk=known["account"]).first()
    if account is None or _mark(account) != known["password"]:
        raise WrongCode
    return account


def complete(host: Host, text: str, shown: Shown, client: Client = UNKNOWN_CLIENT) -> Account:
    """The account, once its second factor came, too. Raises WrongCode, PasskeyRefused,
    RateLimitExceeded."""
    account = started(host, text)
    holder = holders.of_account(account)
    asked = ways(holder)
    if asked is not None:
        check(holder, asked, shown, client)
    return account


def _mark(account: Account) -> str:
    """Tells one password from the next, and nothing about either."""
    return salted_hmac(SALT, account.password, algorithm="sha256").hexdigest()
