"""Repo signing keys: made here, stored wrapped, handed out unwrapped from a small cache.

The host's rotation key is another key on purpose: a repo signing key must never be able to change
the DID (protocol: did:plc, "rotationKeys").
"""

from functools import lru_cache

from accounts.models import SigningKey as StoredKey
from hosting import keyring
from hosting.models import Host
from protocol.keys import PublicKey, SigningKey


def new_signing_key() -> SigningKey:
    """Make a k256 key and store it. Call inside the transaction of the row that will name it."""
    key = SigningKey.generate()
    StoredKey.objects.create(did_key=key.did_key, wrapped=keyring.wrap(key.secret))
    return key


@lru_cache(maxsize=4096)
def signing_key(did_key: str) -> SigningKey:
    """The signing key named by its did:key. Raises `StoredKey.DoesNotExist`."""
    stored = StoredKey.objects.get(pk=did_key)
    return SigningKey.load(
        PublicKey.from_did_key(did_key).curve, keyring.unwrap(bytes(stored.wrapped))
    )


def rotation_key(host: Host) -> SigningKey:
    """The host's own did:plc rotation key. Not cached: it signs rarely and can do most harm."""
    return SigningKey.load("k256", keyring.unwrap(bytes(host.rotation_key)))
