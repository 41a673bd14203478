"""Digests of random secrets: what is kept of tokens, cookies, codes and links."""

import hashlib


def sha256(secret: str) -> str:
    """The SHA-256 of a secret, hex; of any text that somebody sends in place of one, too."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
