"""Recovery codes: ten of 80 random bits, shown once, each good once, in place of any strong factor.

So many bits need no slow hash; the holder is in it, so equal codes of two people would not look
alike.
"""

import hashlib
from typing import Final

from accounts.authentication.factors.holders import Holder
from accounts.models import RecoveryCode
from server.encryption import random_codes

HOW_MANY: Final = 10


def replace(holder: Holder) -> list[str]:
    """Ten new codes, in the caller's transaction; those of before are good for nothing."""
    codes = [random_codes.new() for _ in range(HOW_MANY)]
    RecoveryCode.objects.filter(**holder.owned).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(**holder.owned, code_sha256=_hash(holder, code)) for code in codes
    )
    return codes


def left(holder: Holder) -> int:
    """How many they have."""
    return RecoveryCode.objects.filter(**holder.owned).count()


def spend(holder: Holder, code: str) -> bool:
    """Whether this is a code of theirs; it is used up, so of several who try at once one may."""
    found = RecoveryCode.objects.filter(**holder.owned, code_sha256=_hash(holder, code))
    return found.delete()[0] > 0


def _hash(holder: Holder, code: str) -> str:
    typed = "".join(sign for sign in code.lower() if sign.isalnum())  # people leave out the dashes
    return hashlib.sha256(f"{holder.key}:{typed}".encode(errors="replace")).hexdigest()
