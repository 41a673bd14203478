"""A host's admin password: Basic `admin:<password>` for com.atproto.admin.*, per host.

Kept as an argon2 hash, which takes 25 ms to check. A password that was right is therefore
remembered in this process as a keyed hash beside the stored hash it was right for: the next request
costs microseconds, a changed password is another stored hash, and nothing here can be turned back
into a password. Wrong ones cost the full hash each time, and only so many may be tried.
"""

import hashlib
import hmac
import secrets
from typing import Final

from django.contrib.auth.hashers import check_password

from hosting import limits
from hosting.models import Host

USER_NAME: Final = "admin"
_MAX_CHARACTERS = 512
_key: Final = secrets.token_bytes(32)
RIGHT: dict[int, tuple[str, bytes]] = {}  # host id -> (stored hash, keyed hash of the password)


def is_right(host: Host, user_name: str, password: str, address: str) -> bool:
    """Whether these are the host's. A host without a password has no admin.

    `address` is whose attempts are counted. Raises `limits.RateLimitExceeded`.
    """
    if user_name != USER_NAME or not host.admin_password or len(password) > _MAX_CHARACTERS:
        return False
    if right_for(host, user_name, password) == host.admin_password:
        return True
    limits.spend(limits.STAFF_LOGIN, host, USER_NAME, address)
    limits.spend(limits.STAFF_GUESSES, None, address)  # whatever host and name they are for
    if not check_password(password, host.admin_password):
        return False
    RIGHT[host.pk] = (host.admin_password, _digest(password))
    return True


def right_for(host: Host, user_name: str, password: str) -> str:
    """The stored hash for which this process found the password right before; empty if for none.
    Whether it is the host's hash still is for the caller to ask."""
    known_for, known = RIGHT.get(host.pk, ("", b""))
    is_right = user_name == USER_NAME and len(password) <= _MAX_CHARACTERS
    return known_for if is_right and hmac.compare_digest(known, _digest(password)) else ""


def _digest(password: str) -> bytes:
    return hmac.new(_key, password.encode(errors="replace"), hashlib.sha256).digest()
