"""Trusted browsers: where the password alone is enough for 30 days.

The browser keeps a random token in a cookie, we its SHA-256. Trust holds for one account, at its
host, and as long as its password and its mailed factor are what they were when it was given (the
row's mark); every other change of factors removes the rows.
"""

import secrets
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import Account, TrustedBrowser
from server.encryption.digests import sha256

LASTS: Final = timedelta(days=30)
MOST_AN_ACCOUNT: Final = 50  # the eldest goes
_SALT: Final = "accounts.authentication.factors.trusted_browsers"
_USER_AGENT_MAX_CHARS: Final = 200


def is_trusted(account: Account, token: str) -> bool:
    """Whether the browser with this token needs no second factor for the account."""
    found = TrustedBrowser.objects.filter(account=account, token_sha256=sha256(token))
    mark = found.filter(expires_at__gt=timezone.now()).values_list("mark", flat=True).first()
    return bool(token) and mark == _mark(account)


def trust(account: Account, token: str, user_agent: str = "") -> str:
    """Trust a browser with the account; its new token. `token` is the one it has, if any: what it
    is trusted with already at this host goes on under the new one, so none that somebody planted
    is ever worth anything."""
    new = secrets.token_urlsafe(32)
    if token:
        before = TrustedBrowser.objects.filter(
            account__host=account.host, token_sha256=sha256(token)
        )
        before.exclude(account=account).update(token_sha256=sha256(new))
        before.filter(account=account).delete()
    TrustedBrowser.objects.create(
        account=account,
        token_sha256=sha256(new),
        mark=_mark(account),
        user_agent=user_agent[:_USER_AGENT_MAX_CHARS].replace("\0", ""),
        expires_at=timezone.now() + LASTS,
    )
    kept = TrustedBrowser.objects.filter(account=account).order_by("-created_at", "-pk")
    surplus = list(kept.values_list("pk", flat=True)[MOST_AN_ACCOUNT:])
    TrustedBrowser.objects.filter(pk__in=surplus).delete()
    return new


def of_account(account: Account) -> list[TrustedBrowser]:
    """Where the password alone is enough by now, the latest first."""
    rows = TrustedBrowser.objects.filter(account=account, expires_at__gt=timezone.now())
    return list(rows.filter(mark=_mark(account)).order_by("-created_at", "-pk"))


def end_all(account: Account) -> None:
    """Trust no browser any more."""
    TrustedBrowser.objects.filter(account=account).delete()


def forget_expired() -> None:
    """The sweep."""
    TrustedBrowser.objects.filter(expires_at__lt=timezone.now()).delete()


def _mark(account: Account) -> str:
    said = f"{account.password} {account.needs_email_code} {account.email}"
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()
