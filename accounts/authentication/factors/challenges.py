"""Challenges for passkeys: nothing is stored before one comes back, and each serves once.

`16 random bytes | unix seconds | HMAC-SHA-256` by the host's token secret, over what the challenge
is for and for whom: one of another host, purpose or person is no challenge here. A challenge that
served is remembered until it would have expired.
"""

import hmac
import secrets
import time
from datetime import timedelta
from enum import StrEnum
from typing import Final

from accounts.authentication.factors.holders import Holder
from accounts.models import SpentChallenge
from hosting.models import Host
from hosting.tenancy import token_secrets

LIVES: Final = timedelta(minutes=5)
_RANDOM_BYTES: Final = 16
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 32


class Purpose(StrEnum):
    """What a passkey is asked for."""

    ADD = "add"
    SIGN_IN = "sign in"  # without a name and a password: whoever it is
    SECOND_STEP = "second step"
    CONFIRM = "confirm"  # a change, by who is signed in


def new(host: Host, purpose: Purpose, holder: Holder | None) -> bytes:
    """A challenge for somebody; None: for whoever comes."""
    random = secrets.token_bytes(_RANDOM_BYTES)
    begun = random + int(time.time()).to_bytes(_TIME_BYTES, "big")
    return begun + _mac(host, purpose, holder, begun)


def is_ours(host: Host, purpose: Purpose, holder: Holder | None, challenge: bytes) -> bool:
    """Whether we made the challenge lately, for this purpose and for them."""
    begun, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
    if len(begun) != _RANDOM_BYTES + _TIME_BYTES:
        return False
    if not hmac.compare_digest(mac, _mac(host, purpose, holder, begun)):
        return False
    return time.time() - int.from_bytes(begun[_RANDOM_BYTES:], "big") <= LIVES.total_seconds()


def claim(challenge: bytes) -> bool:
    """Use a challenge up that `is_ours` and was signed: of several who try at once, one may go on.
    What nobody signed is not remembered, or strangers could fill a table."""
    return SpentChallenge.objects.claim(challenge, LIVES)


def _mac(host: Host, purpose: Purpose, holder: Holder | None, begun: bytes) -> bytes:
    whose = "" if holder is None else holder.key
    key = token_secrets.unwrapped(bytes(host.token_secret))
    return hmac.digest(key, f"passkey {purpose} {whose}\0".encode() + begun, "sha256")
