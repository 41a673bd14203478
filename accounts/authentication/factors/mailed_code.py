"""The second factor by e-mail: a mailed code beside the main password, for who has nothing
stronger.

Source: com.atproto.server.createSession (`authFactorToken`), updateEmail (`emailAuthFactor`).
"""

from accounts.authentication import email_codes
from accounts.authentication.email_codes import Purpose
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.authentication.session_tokens import ExpiredToken, InvalidToken
from accounts.models import Account


def send(account: Account, language: str | None = None) -> None:
    """Mail a code. Raises RateLimitExceeded."""
    email_codes.mail(account, Purpose.AUTH_FACTOR, language)


def spend(account: Account, code: str) -> None:
    """Use a mailed code up. Call it outside of any transaction. Raises WrongCode."""
    try:
        email_codes.burn(account, Purpose.AUTH_FACTOR, code)
    except (InvalidToken, ExpiredToken):
        raise WrongCode from None
