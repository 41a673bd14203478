"""Signing keys at rest and in use."""

import pytest

from accounts.identity.keys import signing_keys
from accounts.models import SigningKey
from protocol.keys import PublicKey

DID, OTHER = "did:plc:" + "a" * 24, "did:plc:" + "b" * 24


def test_a_new_key_is_stored_wrapped(ash):
    key = signing_keys.new_signing_key(ash, DID)
    assert key.secret not in bytes(SigningKey.objects.get(pk=key.did_key).wrapped)


def test_a_stored_key_signs_as_the_key_that_was_made(ash):
    key = signing_keys.new_signing_key(ash, DID)
    signature = signing_keys.signing_key(key.did_key, DID).sign(b"message")
    assert PublicKey.from_did_key(key.did_key).verify(b"message", signature)


def test_a_key_is_unwrapped_once(ash, django_assert_num_queries):
    key = signing_keys.new_signing_key(ash, DID)
    signing_keys.signing_key(key.did_key, DID)
    with django_assert_num_queries(0):
        signing_keys.signing_key(key.did_key, DID)


def test_an_unknown_key_is_not_made_up(db):
    with pytest.raises(SigningKey.DoesNotExist):
        signing_keys.signing_key("did:key:zUnknown", DID)


def test_the_rotation_key_is_the_hosts(ash):
    assert signing_keys.rotation_key(ash).did_key == ash.rotation_did_key


def test_a_full_memory_drops_the_older_half(ash, monkeypatch):
    monkeypatch.setattr(signing_keys, "MAX_KNOWN", 4)
    keys = [signing_keys.new_signing_key(ash, DID).did_key for _ in range(5)]
    for each in keys:
        signing_keys.signing_key(each, DID)
    assert signing_keys.known_signing_key(keys[-1], DID) is not None
    assert signing_keys.known_signing_key(keys[-2], DID) is not None
