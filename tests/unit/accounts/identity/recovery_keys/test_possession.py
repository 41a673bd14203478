"""The private half of a key proves itself, and nothing else does."""

import base64

import pytest

from accounts.identity.recovery_keys import possession
from accounts.identity.recovery_keys.possession import ChallengeExpired, NoRotationKey, NotProven
from protocol.keys import ORDERS, SigningKey
from tests.factories import account_row

pytestmark = pytest.mark.django_db
KEY = SigningKey.generate("p256")


def signature(text: str, key: SigningKey = KEY) -> str:
    return base64.urlsafe_b64encode(key.sign(text.encode())).decode().rstrip("=")


@pytest.fixture
def account(ash):
    return account_row(ash)


@pytest.mark.parametrize("curve", ["p256", "k256"])
def test_the_key_proves_itself_on_either_curve(account, curve):
    key = SigningKey.generate(curve)
    asked = possession.challenge(account)
    possession.check(account, key.did_key, asked, signature(asked, key))


def test_a_browsers_signature_need_not_be_low(account):
    asked = possession.challenge(account)
    raw = KEY.sign(asked.encode())
    high = ORDERS["p256"] - int.from_bytes(raw[32:], "big")
    twisted = raw[:32] + high.to_bytes(32, "big")
    given = base64.urlsafe_b64encode(twisted).decode().rstrip("=")
    possession.check(account, KEY.did_key, asked, given)


def test_another_key_proves_nothing(account):
    asked = possession.challenge(account)
    with pytest.raises(NotProven):
        possession.check(account, KEY.did_key, asked, signature(asked, SigningKey.generate("p256")))


def test_another_text_proves_nothing(account):
    asked = possession.challenge(account)
    with pytest.raises(NotProven):
        possession.check(account, KEY.did_key, asked, signature(asked + "x"))


@pytest.mark.parametrize("given", ["", "x", "A" * 86, "é" * 86])
def test_what_is_no_signature_proves_nothing(account, given):
    with pytest.raises(NotProven):
        possession.check(account, KEY.did_key, possession.challenge(account), given)


def test_an_old_challenge_proves_nothing(account, monkeypatch):
    asked = possession.challenge(account)
    monkeypatch.setattr(possession, "LIVES_S", -1)
    with pytest.raises(ChallengeExpired):
        possession.check(account, KEY.did_key, asked, signature(asked))


def test_a_challenge_of_another_account_proves_nothing(account, birch):
    asked = possession.challenge(account_row(birch, did=account.did))
    for foreign in (asked, "nonsense"):
        with pytest.raises(ChallengeExpired):
            possession.check(account, KEY.did_key, foreign, signature(foreign))


@pytest.mark.parametrize("did_key", ["", "did:key:z123", "z" * 300, "did:web:a.test", "did:key:\0"])
def test_no_key_is_no_key(did_key):
    with pytest.raises(NoRotationKey):
        possession.checked_key(did_key)
