"""The secrets of an archive: signing keys and the like, wrapped for its receiver alone.

A random key of the archive wraps each secret (AES-256-GCM). That key is wrapped for a passphrase
(scrypt, RFC 7914), or for the receiver's public key (X25519, then HKDF-SHA256 over both public
keys), and stands in the manifest.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from protocol.errors import InvalidRequest
from server.encryption.keyring import NONCE_BYTES

_SCRYPT: Final = {"n": 2**15, "r": 8, "p": 1}
_PASSPHRASE_MIN_CHARS: Final = 12
_PURPOSE: Final = b"grove tenant archive 1"


class WrongKey(InvalidRequest):
    """400: the archive is for another receiver, or the passphrase is another one."""

    message = "The archive's secrets cannot be opened with this key or passphrase."


class UnfitReceiver(InvalidRequest):
    """400: the passphrase is too short, or the key is none."""


class ArchiveKey:
    """The key of one archive: `seal` and `opened` are each other's inverse."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def seal(self, secret: bytes) -> str:
        """A secret as it stands in the archive."""
        return _text(_sealed(self._cipher, secret))

    def opened(self, sealed: str) -> bytes:
        """The secret. Raises WrongKey."""
        return _opened(self._cipher, _bytes(sealed))


def new(passphrase: str = "", public_key: str = "") -> tuple[bytes, dict[str, Any]]:
    """A new archive's key, and what the manifest says of it. Raises UnfitReceiver."""
    theirs = check(passphrase, public_key)
    if theirs is None:
        salt = os.urandom(16)
        about = {"kind": "passphrase", "salt": _text(salt)}
        return _new(about, _of_passphrase(passphrase, salt))
    ours = X25519PrivateKey.generate()
    about = {
        "kind": "x25519",
        "public": _text(ours.public_key().public_bytes_raw()),
        "receiver": public_key,
    }
    return _new(about, _shared(ours, theirs, ours.public_key(), theirs))


def check(passphrase: str, public_key: str) -> X25519PublicKey | None:
    """The receiver's key; None for whoever knows the passphrase. Raises UnfitReceiver."""
    if not public_key:
        if len(passphrase) < _PASSPHRASE_MIN_CHARS:
            said = f"A passphrase has at least {_PASSPHRASE_MIN_CHARS} characters."
            raise UnfitReceiver(said)
        return None
    try:
        return X25519PublicKey.from_public_bytes(_bytes(public_key))
    except ValueError:
        said = "That is no receiver's key: `manage.py tenant receiver-key` makes one."
        raise UnfitReceiver(said) from None


def is_for(about: Mapping[str, Any], passphrase: str = "", public_key: str = "") -> bool:
    """Whether an archive that was begun has this receiver."""
    if public_key:
        return about.get("receiver") == public_key
    try:
        opened(about, passphrase)
    except WrongKey:
        return False
    return True


def new_receiver() -> tuple[str, str]:
    """A receiver's private and public key, as texts."""
    key = X25519PrivateKey.generate()
    return _text(key.private_bytes_raw()), _text(key.public_key().public_bytes_raw())


def opened(about: Mapping[str, Any], passphrase: str = "", private_key: str = "") -> ArchiveKey:
    """The key of an archive that was received. Raises WrongKey."""
    try:
        if about["kind"] == "passphrase":
            kek = _of_passphrase(passphrase, _bytes(about["salt"]))
        else:
            ours = X25519PrivateKey.from_private_bytes(_bytes(private_key))
            theirs = X25519PublicKey.from_public_bytes(_bytes(about["public"]))
            kek = _shared(ours, theirs, theirs, ours.public_key())
        return ArchiveKey(_opened(AESGCM(kek), _bytes(about["wrapped"])))
    except (KeyError, ValueError) as fault:
        raise WrongKey from fault


def _new(about: dict[str, Any], kek: bytes) -> tuple[bytes, dict[str, Any]]:
    secret = secrets.token_bytes(32)
    return secret, {**about, "wrapped": _text(_sealed(AESGCM(kek), secret))}


def _of_passphrase(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode())


def _shared(
    ours: X25519PrivateKey,
    theirs: X25519PublicKey,
    sender: X25519PublicKey,
    receiver: X25519PublicKey,
) -> bytes:
    info = _PURPOSE + sender.public_bytes_raw() + receiver.public_bytes_raw()
    return HKDF(hashes.SHA256(), 32, None, info).derive(ours.exchange(theirs))


def _sealed(cipher: AESGCM, secret: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, secret, _PURPOSE)


def _opened(cipher: AESGCM, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _PURPOSE)
    except (InvalidTag, ValueError) as fault:
        raise WrongKey from fault


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode()


def _bytes(value: str) -> bytes:
    return base64.urlsafe_b64decode(value.encode())
