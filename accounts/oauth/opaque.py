"""Opaque secrets: random, with a prefix that tells people what they look at. What is
kept of them: server.encryption.digests."""

import hmac
import secrets

from hosting.models import Host
from hosting.tenancy import token_secrets

RANDOM_BYTES = 32


def new(prefix: str) -> str:
    """`<prefix>-<64 hex digits>`."""
    return f"{prefix}-{secrets.token_hex(RANDOM_BYTES)}"


def mac(host: Host, purpose: str, message: bytes) -> bytes:
    """32 bytes that only this host can make, for one purpose."""
    return mac_by(bytes(host.token_secret), purpose, message)


def mac_by(wrapped_secret: bytes, purpose: str, message: bytes) -> bytes:
    """As `mac`, by `token_secret` as a host's row has it."""
    key = token_secrets.unwrapped(wrapped_secret)
    return hmac.digest(key, f"oauth {purpose}\0".encode() + message, "sha256")
