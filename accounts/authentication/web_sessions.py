"""Web sessions of the account pages: a random cookie, of which only the SHA-256 is kept.

Not Django's sessions: those are the staff's. The cookie has a name of its own, is read by no
script, and counts at the account's own host only.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.authentication.credentials import InvalidLogin
from accounts.authentication.sign_in_alerts import UNKNOWN_CLIENT, Client
from accounts.models import Account, WebSession
from accounts.status import lock_open
from hosting.models import Host
from server.encryption.digests import sha256

LISTED_MAX: Final = 100
EXPIRES_AFTER = timedelta(days=30)  # of not being used
_SEEN_AGAIN_AFTER = timedelta(hours=1)  # spares a write at every page


def begin(account: Account, client: Client = UNKNOWN_CLIENT, *, is_proof: bool = True) -> str:
    """Sign in whose password was just looked at; the cookie's value. `is_proof`: all was shown that
    the account asks for, which a trusted browser spares.

    Whoever was taken down may, too: their pages are those by which they appeal, take their data and
    leave. Raises `AccountNotFound`, and `InvalidLogin` when the password was changed in this very
    moment.
    """
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        locked = lock_open(account)
        if locked.password != account.password:
            raise InvalidLogin
        WebSession.objects.create(
            token_sha256=sha256(token),
            account=locked,
            last_seen_at=now,
            proved_at=now if is_proof else None,
            place=client.place,
            agent=client.name,
        )
    return token


def find(host: Host, tokens: Iterable[str]) -> list[WebSession]:
    """The sessions at this host of some cookies, in their order, each with its account."""
    names = [sha256(token) for token in tokens if token]
    live = WebSession.objects.select_related("account__host").filter(
        pk__in=names, account__host=host, last_seen_at__gt=timezone.now() - EXPIRES_AFTER
    )
    found = sorted(live, key=lambda session: names.index(session.pk)) if names else []
    now = timezone.now()
    stale = [each.pk for each in found if each.last_seen_at < now - _SEEN_AGAIN_AFTER]
    if stale:
        WebSession.objects.filter(pk__in=stale).update(last_seen_at=now)
    return found


def prove(session: WebSession) -> None:
    """Note that whoever is signed in proved just now who they are, by a password or a passkey."""
    session.proved_at = timezone.now()
    WebSession.objects.filter(pk=session.pk).update(proved_at=session.proved_at)


def account_of(host: Host, token: str) -> Account | None:
    """The account that is signed in at this host with the cookie, if any."""
    found = find(host, [token])
    return found[0].account if found else None


def of_account(account: Account) -> list[WebSession]:
    """Where the account is signed in to these pages, the browser seen last first."""
    live = WebSession.objects.filter(account=account)
    live = live.filter(last_seen_at__gt=timezone.now() - EXPIRES_AFTER)
    return list(live.order_by("-last_seen_at")[:LISTED_MAX])


def end(host: Host, token: str) -> None:
    """Sign out. Harmless when nobody was signed in."""
    WebSession.objects.filter(pk=sha256(token), account__host=host).delete()


def end_of(account: Account, session_id: str) -> None:
    """Sign the account out in one browser, by the id of the session there."""
    WebSession.objects.filter(pk=session_id.replace("\0", ""), account=account).delete()


def forget_expired() -> None:
    """The sweep: cookies that were not used for too long."""
    old = WebSession.objects.filter(last_seen_at__lt=timezone.now() - EXPIRES_AFTER)
    old.filter(account__held_at=None).delete()
