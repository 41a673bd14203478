"""Signatures of webhooks: Standard Webhooks, symmetric (`v1`).

Source: the Standard Webhooks specification, "Signature scheme". A secret is 32 random bytes, given
out as `whsec_` and base64.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> bytes:
    """A secret."""
    return secrets.token_bytes(_SECRET_BYTES)


def shown(secret: bytes) -> str:
    """The secret as its receiver configures it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(message_id: str, sent_at: int, body: bytes, signing: Iterable[bytes]) -> dict[str, str]:
    """The three headers of a message; `sent_at` in unix seconds, a signature for each secret."""
    signed = f"{message_id}.{sent_at}.".encode() + body
    signatures = (hmac.new(secret, signed, hashlib.sha256).digest() for secret in signing)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(s).decode()}" for s in signatures),
    }
