"""A second factor by mail: whoever wants one signs in with the main password and a mailed code.

Source: com.atproto.server.createSession (`authFactorToken`). App passwords do not use it: there is
nobody at an app to read the mail.
"""

from accounts import email_tokens
from accounts.credentials import InvalidLogin
from accounts.email_tokens import Purpose
from accounts.models import Account
from accounts.tokens import ExpiredToken, InvalidToken
from protocol.errors import XrpcError


class AuthFactorTokenRequired(XrpcError):
    """401: the password is right, and a code is on its way to the account's address."""

    name = "AuthFactorTokenRequired"
    status = 401

    def __init__(self) -> None:
        super().__init__("A sign in code has been sent to your email address")


class WrongCode(InvalidLogin):
    """401, as every failed login; clients know the message."""

    def __init__(self) -> None:
        super().__init__("Token is invalid")


def demand(account: Account, code: str) -> None:
    """Let pass who has the code, or needs none; without one it is mailed.

    Call it once the main password was right, outside of any transaction. Raises
    AuthFactorTokenRequired, WrongCode.
    """
    if not account.needs_email_code:
        return
    if not code:
        email_tokens.mail(account, Purpose.AUTH_FACTOR)
        raise AuthFactorTokenRequired
    try:
        email_tokens.burn(account, Purpose.AUTH_FACTOR, code)
    except (InvalidToken, ExpiredToken):
        raise WrongCode from None
