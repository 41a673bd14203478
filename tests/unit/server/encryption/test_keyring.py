"""Wrapped secrets come back whole, are told apart by key, and cannot be altered."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from server.encryption import keyring

OLD, NEW = "k1:" + "11" * 32, "k2:" + "22" * 32


@pytest.fixture(autouse=True)
def _fresh_keys() -> Iterator[None]:
    keyring.ciphers.cache_clear()
    yield
    keyring.ciphers.cache_clear()


@given(st.binary(max_size=200))
def test_a_wrapped_secret_comes_back(secret: bytes) -> None:
    assert keyring.unwrap(keyring.wrap(secret)) == secret


def test_wrapping_twice_gives_two_texts() -> None:
    assert keyring.wrap(b"secret") != keyring.wrap(b"secret")


def test_the_secret_is_not_visible_in_its_wrapping() -> None:
    assert b"rotation key" not in keyring.wrap(b"rotation key")


def test_a_memoryview_from_the_database_is_unwrapped() -> None:
    assert keyring.unwrap(memoryview(keyring.wrap(b"secret"))) == b"secret"


def test_the_first_key_wraps_and_older_ones_still_unwrap(settings: Settings) -> None:
    settings.KEY_ENCRYPTION_KEYS = OLD
    wrapped = keyring.wrap(b"secret")
    keyring.ciphers.cache_clear()
    settings.KEY_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    assert keyring.unwrap(wrapped) == b"secret"
    assert keyring.wrap(b"secret").startswith(b"\x02k2")


def test_an_unknown_key_id_is_named(settings: Settings) -> None:
    settings.KEY_ENCRYPTION_KEYS = NEW
    wrapped = keyring.wrap(b"secret")
    keyring.ciphers.cache_clear()
    settings.KEY_ENCRYPTION_KEYS = OLD
    with pytest.raises(keyring.KeyringError, match="'k2'"):
        keyring.unwrap(wrapped)


@given(st.integers(min_value=0, max_value=40))
def test_any_altered_byte_is_noticed(position: int) -> None:
    wrapped = bytearray(keyring.wrap(b"a secret of 20 bytes"))
    wrapped[position] ^= 1
    with pytest.raises(keyring.KeyringError):
        keyring.unwrap(bytes(wrapped))


@pytest.mark.parametrize("cut", [0, 1, 3, 10, 20])
def test_a_wrapping_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(keyring.KeyringError):
        keyring.unwrap(keyring.wrap(b"secret")[:cut])


@pytest.mark.parametrize("keys", ["nonsense", "k1:zz", "k1:1122", "k1"])
def test_malformed_keys_are_refused_without_quoting_them(settings: Settings, keys: str) -> None:
    settings.KEY_ENCRYPTION_KEYS = keys
    with pytest.raises(keyring.KeyringError) as refused:
        keyring.wrap(b"secret")
    assert keys.partition(":")[2] in ("", "zz", "1122")
    assert "1122" not in str(refused.value)
