"""Alice as a holder of factors, and her authenticators."""

import pyotp
import pytest

from accounts.authentication import credentials
from accounts.authentication.factors import changes, holders, passkeys, totp
from accounts.authentication.factors.holders import Holder
from tests.authenticator import Authenticator


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def holder(alice) -> Holder:
    return holders.of_account(alice)


@pytest.fixture
def clock(monkeypatch):
    """A clock for codes that stands still, and moves when a test says so."""

    class Clock:
        now = 1_800_000_000.0

    monkeypatch.setattr(totp.time, "time", lambda: Clock.now)
    return Clock


@pytest.fixture
def app(holder, clock) -> pyotp.TOTP:
    """Alice's authenticator app; the step of the moment is used, the next one is not."""
    started = totp.start(holder)
    otp = pyotp.TOTP(totp.started(holder, started))
    changes.add_app(holder, started, otp.at(int(clock.now)))
    clock.now += totp.STEP_S
    return otp


@pytest.fixture
def key(holder) -> Authenticator:
    """Alice's security key, added to her account."""
    made = Authenticator()
    changes.add_passkey(holder, made.make(passkeys.options_to_add(holder)), "key")
    return made
