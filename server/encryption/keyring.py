"""The keyring: secrets encrypted by AES-256-GCM under a key-encryption key that is never in the
database.

A wrapped secret is `len(key id) | key id | 12-byte nonce | ciphertext and tag`, the key id being
authenticated too, so that keys can be rotated: `GROVE_KEK="k2:hex,k1:hex"` wraps with k2 and still
unwraps what k1 wrapped. Without GROVE_KEK the keys come from `GROVE_DATA/secrets`.
"""

import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12  # NIST SP 800-38D, the length GCM is made for


class KeyringError(Exception):
    """A key-encryption key is missing or malformed, or a wrapped secret was altered."""


def wrap(secret: bytes) -> bytes:
    """Encrypt a secret under the first key-encryption key."""
    key_id, cipher = next(iter(ciphers().items()))
    header = bytes([len(key_id)]) + key_id
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + cipher.encrypt(nonce, secret, header)


def unwrap(wrapped: bytes) -> bytes:
    """The secret that `wrap` was given. Raises KeyringError."""
    wrapped = bytes(wrapped)  # the database hands out memoryviews
    end = 1 + wrapped[0] if wrapped else 0
    header, nonce, ciphertext = wrapped[:end], wrapped[end : end + 12], wrapped[end + 12 :]
    cipher = ciphers().get(header[1:])
    if cipher is None:
        raise KeyringError(f"no key-encryption key named {header[1:].decode(errors='replace')!r}")
    try:
        return cipher.decrypt(nonce, ciphertext, header)
    except (InvalidTag, ValueError) as reason:
        raise KeyringError("the wrapped secret was altered or belongs to another key") from reason


@cache
def ciphers() -> dict[bytes, AESGCM]:
    """Key id -> cipher, in the order given: the first one wraps."""
    text = settings.KEY_ENCRYPTION_KEYS or _from_file()
    try:
        pairs = [part.strip().split(":") for part in text.split(",")]
        return {name.encode(): AESGCM(bytes.fromhex(key)) for name, key in pairs}
    except ValueError:
        # Not chained: the reason would quote the key.
        raise KeyringError("GROVE_KEK must read id:hex,id:hex with 32-byte keys") from None


def _from_file() -> str:
    try:
        return str(settings.KEK_FILE.read_text())
    except OSError as reason:
        raise KeyringError(f"no key-encryption key: {settings.KEK_FILE} is missing") from reason
