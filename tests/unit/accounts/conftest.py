"""No worker runs beside these tests: whoever waits for the directory publishes."""

import orjson
import pytest

from accounts import status as account_status
from accounts.identity.keys import signing_keys
from protocol.did import plc
from server.net import http_client
from tests.factories import account_row


@pytest.fixture(autouse=True)
def _without_a_worker(settings):
    settings.VALKEY_URL = ""


@pytest.fixture
def alice(ash):
    """An open account at ash."""
    return account_row(ash)


@pytest.fixture
def announced(monkeypatch):
    """The accounts whose status was announced, in order; packages above do not hear of it."""
    heard = []

    class Signal:
        def send(self, sender, account):
            heard.append((account.did, account.status))

    monkeypatch.setattr(account_status, "account_status_changed", Signal())
    return heard


@pytest.fixture
def directory_says(monkeypatch, alice):
    """Have the directory answer with Alice's DID as it should be, but for these fields."""

    def give(status: int = 200, **changes):
        host = alice.host
        genesis = plc.genesis(
            [host.rotation_did_key], alice.signing_did_key, alice.handle, host.origin
        )
        signed = plc.sign({**genesis, **changes}, signing_keys.rotation_key(host))
        answer = http_client.Answer(status, {}, orjson.dumps(signed))
        monkeypatch.setattr(http_client, "request_configured", lambda *_, **__: answer)

    return give
