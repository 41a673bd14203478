"""Web sessions of the account pages: a random cookie, of which only the SHA-256 is kept.

Not Django's sessions: those are the staff's. The cookie has a name of its own, is read by no
script, and counts at the account's own host only.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.authentication.credentials import InvalidLogin
from accounts.models import Account, WebSession
from accounts.status import lock_for_session
from hosting.models import Host

EXPIRES_AFTER = timedelta(days=30)  # of not being used
_SEEN_AGAIN_AFTER = timedelta(hours=1)  # spares a write at every page


def begin(account: Account) -> str:
    """Sign in whose password was just looked at; the cookie's value. Raises `AccountTakedown`,
    `AccountNotFound`, and `InvalidLogin` when the password was changed in this very moment."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        locked = lock_for_session(account)
        if locked.password != account.password:
            raise InvalidLogin
        WebSession.objects.create(
            token_sha256=_hash(token), account=locked, last_seen_at=timezone.now()
        )
    return token


def account_of(host: Host, token: str) -> Account | None:
    """The account that is signed in at this host with the cookie, if any."""
    session = (
        WebSession.objects.select_related("account__host")
        .filter(pk=_hash(token), account__host=host)
        .filter(last_seen_at__gt=timezone.now() - EXPIRES_AFTER)
        .first()
    )
    if session is None:
        return None
    if session.last_seen_at < timezone.now() - _SEEN_AGAIN_AFTER:
        WebSession.objects.filter(pk=session.pk).update(last_seen_at=timezone.now())
    return session.account


def end(host: Host, token: str) -> None:
    """Sign out. Harmless when nobody was signed in."""
    WebSession.objects.filter(pk=_hash(token), account__host=host).delete()


def forget_expired() -> None:
    """The sweep: cookies that were not used for too long."""
    WebSession.objects.filter(last_seen_at__lt=timezone.now() - EXPIRES_AFTER).delete()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
