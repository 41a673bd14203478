"""Visitors: controllers who live at other hosts, signed in here by OAuth at theirs.

A session of theirs is good for acting and nothing else. It ends sooner than one of an account,
because nobody tells us when its person is signed out at home.
"""

import secrets
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, ControllerSession
from hosting.models import Host
from server.encryption.digests import sha256

EXPIRES_AFTER: Final = timedelta(days=7)  # of the proof


def begin(host: Host, did: str, handle: str) -> str:
    """Sign in who has just proven the DID; the cookie's value."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    ControllerSession.objects.create(
        token_sha256=sha256(token), host=host, did=did, handle=handle, proved_at=now
    )
    return token


def find(host: Host, token: str) -> ControllerSession | None:
    """The session of a cookie at this host; None for whom `is_of_host` names."""
    if not token:
        return None
    young = ControllerSession.objects.filter(proved_at__gt=timezone.now() - EXPIRES_AFTER)
    found = young.filter(pk=sha256(token), host=host).first()
    return None if found is None or is_of_host(host, found.did) else found


def is_of_host(host: Host, did: str) -> bool:
    """Whether a DID is no visitor's: of an active account here, which signs in with that, or of one
    that was taken down or suspended, wherever its DID leads by now."""
    is_in_use = Q(status=Account.Status.ACTIVE)
    is_withheld = Q(taken_down_at__isnull=False) | Q(suspended_at__isnull=False)
    return Account.objects.of(host).open().filter(is_in_use | is_withheld, did=did).exists()


def end(host: Host, token: str) -> None:
    """Sign out. Harmless when nobody was signed in."""
    ControllerSession.objects.filter(pk=sha256(token), host=host).delete()


def forget_expired() -> None:
    """The sweep: proofs of too long ago."""
    ControllerSession.objects.filter(proved_at__lt=timezone.now() - EXPIRES_AFTER).delete()
