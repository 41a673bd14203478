"""Codes that are typed: of the authenticator app, or a recovery code.

Both count towards one lock (`wrong_codes`), and it is one transaction that tries a code, uses it up
and keeps the count.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authentication.credentials import InvalidLogin
from accounts.authentication.factors import alerts, recovery_codes, totp, wrong_codes
from accounts.authentication.factors.alerts import Event
from accounts.authentication.factors.holders import Holder


class WrongCode(InvalidLogin):
    """401, as every failed login; clients know the message."""

    message = "Token is invalid"
    field = "code"
    page_text = _("This code is wrong or has expired.")


def spend(holder: Holder, code: str) -> None:
    """Use a code up. Call it outside of any transaction, which would take the count back.

    Raises WrongCode, RateLimitExceeded.
    """
    with transaction.atomic():
        attempts = wrong_codes.lock(holder)
        is_right = _is_right(holder, code)
        if is_right:
            wrong_codes.forget(attempts)
        else:
            wrong_codes.count_wrong(holder, attempts)
    if not is_right:
        raise WrongCode


def _is_right(holder: Holder, code: str) -> bool:
    if totp.spend(holder, code):
        return True
    if not recovery_codes.spend(holder, code):
        return False
    alerts.send(holder, Event.CODE_USED)
    return True
