"""Proof that somebody holds the private half of a key: it signs a challenge of ours.

The challenge is text that no operation could be mistaken for (an operation is signed as DAG-CBOR of
a map, which begins with other bytes), names host and DID, and is good for an hour. Nothing is kept:
signed again, it proves the same again, and gives nobody anything.
"""

import re
from typing import Final

from django.core import signing
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from protocol.errors import InvalidRequest
from protocol.keys import SIGNATURE_BYTES, InvalidKey, PublicKey
from server.encryption.compact_jws import from_base64url

LIVES_S: Final = 3_600
CHALLENGE_MAX_CHARACTERS: Final = 4_096
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{86}")  # 64 bytes
_SALT: Final = "accounts.identity.recovery_keys.possession"


class NoRotationKey(InvalidRequest):
    """400: not a public key that the directory takes."""

    field = "did_key"
    message = "Enter a public key of k256 or p256 in the form did:key:z…"
    page_text = _("Enter the public half of a key, in the form did:key:z…")


class NotProven(InvalidRequest):
    """400: another key signed, or something else was signed."""

    field = "secret"
    message = "The signature is not of this key"
    page_text = _("That is not the private half of this key. Nothing was changed.")


class ChallengeExpired(InvalidRequest):
    """400: not a challenge for this account, or an old one."""

    message = "The challenge has expired"
    page_text = _("This page was open for too long. Please try again.")


def checked_key(did_key: str) -> str:
    """The did:key of a curve that may rotate. Raises NoRotationKey."""
    try:
        return PublicKey.from_did_key(did_key.strip()).did_key
    except InvalidKey:
        raise NoRotationKey from None


def challenge(account: Account) -> str:
    """A text for the key to sign."""
    named = f"recovery-key-test {account.host.origin} {account.did}"
    return signing.TimestampSigner(salt=_SALT).sign(named)


def check(account: Account, did_key: str, challenge: str, signature: str) -> None:
    """Whether the key signed a challenge of ours: `signature` is base64url of r and s, without
    padding. Raises NoRotationKey, ChallengeExpired, NotProven."""
    key = PublicKey.from_did_key(checked_key(did_key))
    try:
        named = signing.TimestampSigner(salt=_SALT).unsign(challenge, max_age=LIVES_S)
    except signing.BadSignature:
        raise ChallengeExpired from None
    if named != f"recovery-key-test {account.host.origin} {account.did}":
        raise ChallengeExpired
    if not _BASE64URL.fullmatch(signature):
        raise NotProven
    raw = from_base64url(signature.encode())
    # Browsers make no low-S signatures; this one goes nowhere.
    if len(raw) != SIGNATURE_BYTES or not key.verify_lenient(challenge.encode(), raw):
        raise NotProven
