"""The second factor by e-mail: a mailed code beside the main password.

Source: com.atproto.server.createSession (`authFactorToken`). App passwords do not use it: there is
nobody at an app to read the mail.
"""

from django.core import signing
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.authentication import email_codes
from accounts.authentication.credentials import InvalidLogin
from accounts.authentication.email_codes import Purpose
from accounts.authentication.session_tokens import ExpiredToken, InvalidToken
from accounts.models import Account
from hosting.models import Host
from protocol.errors import XrpcError

_SALT = "accounts.email_factor"


class AuthFactorTokenRequired(XrpcError):
    """401: the password is right, and a code is on its way to the account's address."""

    name = "AuthFactorTokenRequired"
    status = 401
    message = "A sign in code has been sent to your email address"


class WrongCode(InvalidLogin):
    """401, as every failed login; clients know the message."""

    message = "Token is invalid"
    field = "code"
    page_text = _("This code is wrong or has expired. Sign in again.")


def require_code(account: Account, code: str) -> None:
    """Let pass who has the code, or needs none; without one it is mailed.

    Call it once the main password was right, outside of any transaction. Raises
    AuthFactorTokenRequired, WrongCode.
    """
    if not account.needs_email_code:
        return
    if not code:
        email_codes.mail(account, Purpose.AUTH_FACTOR)
        raise AuthFactorTokenRequired
    try:
        email_codes.burn(account, Purpose.AUTH_FACTOR, code)
    except (InvalidToken, ExpiredToken):
        raise WrongCode from None


def start_challenge(account: Account, language: str | None = None) -> str:
    """Mail a code, and a text by which `complete_challenge` knows that the password was right; for
    pages, which take the two steps one after the other."""
    email_codes.mail(account, Purpose.AUTH_FACTOR, language)
    return signing.dumps({"account": account.pk, "password": _mark(account)}, salt=_SALT)


def complete_challenge(host: Host, challenge: str, code: str) -> Account:
    """The account, once its code came, too. Raises WrongCode, also for a challenge that is too old,
    not ours, or of before another password was set."""
    try:
        known = signing.loads(challenge, salt=_SALT, max_age=email_codes.LIVES)
    except signing.BadSignature:
        raise WrongCode from None
    accounts = Account.objects.of(host).open().select_related("host")
    account = accounts.filter(pk=known["account"]).first()
    if account is None or _mark(account) != known["password"]:
        raise WrongCode
    require_code(account, code)
    return account


def _mark(account: Account) -> str:
    """Tells one password from the next, and nothing about either."""
    return salted_hmac(_SALT, account.password, algorithm="sha256").hexdigest()
