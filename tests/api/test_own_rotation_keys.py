"""Owners who keep their rotation keys to themselves, and movers who reserve a key beforehand."""

import pytest
from django.test import Client

from accounts.authentication import web_sessions
from accounts.identity.plc import did_refresh
from accounts.models import Account
from protocol.keys import SigningKey
from tests.api.clients import Api
from tests.api.test_mail_flows import mailed_code
from tests.api.test_moving import IDENTITY, SERVER, arrive, bring, hand_over, ok, service_token
from tests.tenancy.test_departures import publish_past_the_host

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _captured(settings):
    settings.SMTP_URL = ""


@pytest.fixture
def independent(alice):
    publish_past_the_host(alice, rotationKeys=[SigningKey.generate().did_key])
    did_refresh.refresh(alice.did)
    return alice


def test_without_our_rotation_key_nothing_is_signed_and_the_code_stays_good(independent):
    assert independent.send(IDENTITY + "requestPlcOperationSignature").status_code == 200
    code = mailed_code(independent.email)
    for _ in range(2):
        response = independent.call(IDENTITY + "signPlcOperation", token=code)
        assert response.status_code == 400
        assert "rotation keys of the DID do not include" in response.json()["message"]


def test_the_page_says_what_goes_without_our_rotation_key(independent):
    account = Account.objects.get(did=independent.did)
    client = Client(headers={"host": independent.host.hostname})
    client.cookies["grove-account"] = web_sessions.begin(account)
    assert b"no rotation key of your DID" in client.get("/account/").content


def test_a_move_takes_the_key_that_was_reserved_for_it(alice, birch):
    made = Api(birch).call(SERVER + "reserveSigningKey", did=alice.did)
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    bring(alice, new)
    hand_over(alice, new)
    ok(new.send(SERVER + "activateAccount"))
    account = Account.objects.get(did=alice.did, host=birch)
    assert account.signing_did_key == made.json()["signingKey"]
    assert account.status == Account.Status.ACTIVE
