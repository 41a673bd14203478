"""No worker runs beside these tests: whoever waits for the directory publishes, not for long."""

import pytest

from accounts import standing
from tests.unit.accounts.people import account_row


@pytest.fixture(autouse=True)
def _impatient(settings):
    settings.VALKEY_URL = ""
    settings.PLC_TIMEOUT_S = 0.5
    settings.PLC_AWAIT_S = 1.0


@pytest.fixture
def alice(ash):
    """An open account at ash."""
    return account_row(ash)


@pytest.fixture
def announced(monkeypatch):
    """The accounts whose status was announced, in order; rooms above do not hear of it."""
    heard = []

    class Signal:
        def send(self, sender, account):
            heard.append((account.did, account.status))

    monkeypatch.setattr(standing, "account_status_changed", Signal())
    return heard
