"""Visitors: controllers who live at other hosts, signed in here by OAuth at theirs.

A session of theirs is good for acting and nothing else. It ends sooner than one of an account,
because nobody tells us when its person is signed out at home.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.utils import timezone

from accounts.models import Account, ControllerSession
from hosting.models import Host

EXPIRES_AFTER: Final = timedelta(days=7)  # of the proof


def begin(host: Host, did: str, handle: str) -> str:
    """Sign in who has just proven the DID; the cookie's value."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    ControllerSession.objects.create(
        token_sha256=_hash(token), host=host, did=did, handle=handle, proved_at=now
    )
    return token


def find(host: Host, token: str) -> ControllerSession | None:
    """The session of a cookie at this host. Whoever has an active account here by now signs in with
    that."""
    if not token:
        return None
    young = ControllerSession.objects.filter(proved_at__gt=timezone.now() - EXPIRES_AFTER)
    found = young.filter(pk=_hash(token), host=host).first()
    if found is None or Account.objects.of(host).active().filter(did=found.did).exists():
        return None
    return found


def end(host: Host, token: str) -> None:
    """Sign out. Harmless when nobody was signed in."""
    ControllerSession.objects.filter(pk=_hash(token), host=host).delete()


def forget_expired() -> None:
    """The sweep: proofs of too long ago."""
    ControllerSession.objects.filter(proved_at__lt=timezone.now() - EXPIRES_AFTER).delete()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
