"""The DID document in answers is the directory's, whole, and nobody is asked on the way."""

from typing import Any

import orjson
import pytest
from django.conf import settings as django_settings

from accounts.identity import published_dids
from accounts.identity.keys import signing_keys
from accounts.identity.plc import did_refresh, updates
from accounts.models import Account
from protocol.did import plc
from protocol.keys import SigningKey
from server.net import http_client
from tests.api.clients import Person
from tests.api.test_moving import arrive, hand_over, service_token
from tests.statements import statements

IDENTITY, SERVER = "com.atproto.identity.", "com.atproto.server."
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _captured(settings):
    settings.SMTP_URL = ""


def account_of(person: Person) -> Account:
    return Account.objects.select_related("host").get(did=person.did, host=person.host)


def labeler(person: Person, **changes: Any) -> dict[str, Any]:
    """An operation that makes the account a labeler, too, signed by its host."""
    account = account_of(person)
    newest, data = updates.newest(account)
    operation = plc.update(data, plc.cid_of(newest))
    operation["services"]["atproto_labeler"] = {
        "type": "AtprotoLabeler",
        "endpoint": "https://labels.example",
    }
    operation["verificationMethods"]["atproto_label"] = SigningKey.generate().did_key
    return plc.sign({**operation, **changes}, signing_keys.rotation_key(account.host))


def publish_past_the_host(person: Person, operation: dict[str, Any]) -> None:
    url = f"{django_settings.PLC_URL}/{person.did}"
    http_client.request_configured("POST", url, body=orjson.dumps(operation))


def shown(person: Person) -> list[dict[str, Any]]:
    """The document of every answer that has one."""
    login = {"identifier": person.did, "password": person.password}
    refreshed = person.refreshing().send(SERVER + "refreshSession").json()
    person.refresh_token = refreshed["refreshJwt"]
    return [
        person.query(SERVER + "getSession").json()["didDoc"],
        person.call(SERVER + "createSession", **login).json()["didDoc"],
        refreshed["didDoc"],
        person.query("com.atproto.repo.describeRepo", repo=person.did).json()["didDoc"],
    ]


def of_directory(person: Person) -> dict[str, Any]:
    return person.query(IDENTITY + "resolveDid", did=person.did).json()["didDoc"]


def test_what_an_owner_adds_is_in_every_answer(alice):
    response = alice.call(IDENTITY + "submitPlcOperation", operation=labeler(alice))
    assert response.status_code == 200, response.content
    whole = of_directory(alice)
    assert [service["id"] for service in whole["service"]] == ["#atproto_pds", "#atproto_labeler"]
    assert len(whole["verificationMethod"]) == 2
    assert shown(alice) == [whole] * 4


def test_what_was_added_past_the_host_is_seen_by_a_look(alice):
    publish_past_the_host(alice, labeler(alice))
    assert len(shown(alice)[0]["service"]) == 1
    alice.call(IDENTITY + "refreshIdentity", identifier=alice.did)
    assert [len(document["service"]) for document in shown(alice)] == [2] * 4


def test_a_change_of_ours_is_in_the_document_at_once(alice):
    alice.call(IDENTITY + "submitPlcOperation", operation=labeler(alice))
    alice.call(IDENTITY + "updateHandle", handle="other.test")
    document = shown(alice)[0]
    assert document["alsoKnownAs"] == ["at://other.test"]
    assert len(document["service"]) == 2


def test_nobody_is_asked_and_no_further_statement_is_made(alice, monkeypatch):
    with statements() as before:
        alice.query(SERVER + "getSession")
    alice.call(IDENTITY + "submitPlcOperation", operation=labeler(alice))
    monkeypatch.setattr(http_client, "request_configured", None)
    with statements() as after:
        alice.query(SERVER + "getSession")
    assert (before.count, after.count) == (1, 1)


def test_a_document_beyond_measure_is_not_kept(alice):
    names = [f"https://{number}.example.com/a-name-of-mine" for number in range(500)]
    publish_past_the_host(alice, labeler(alice, alsoKnownAs=["at://alice.test", *names]))
    did_refresh.refresh(alice.did)
    assert account_of(alice).did_document == ""
    assert shown(alice)[0]["alsoKnownAs"] == ["at://alice.test"]


def test_a_document_that_names_another_host_does_not_send_clients_there(alice, birch):
    wanted = "alice.birch.test"
    new = arrive(birch, alice.did, service_token(alice, birch), wanted)
    assert "didDoc" not in new.query(SERVER + "getSession").json()
    hand_over(alice, new)
    assert new.query(SERVER + "getSession").json()["didDoc"] == of_directory(new)
    assert "didDoc" not in alice.query(SERVER + "getSession").json()


def test_what_was_never_looked_at_is_made_of_our_own_rows(alice):
    Account.objects.update(did_document="", did_seen_at=None)
    assert published_dids.document_of(account_of(alice)) == of_directory(alice)


# Owners who keep the rotation keys to themselves.


@pytest.fixture
def alone(alice) -> Person:
    """Alice, whose DID has no rotation key of her host's any more."""
    account = account_of(alice)
    newest, data = updates.newest(account)
    own = SigningKey.generate().did_key
    operation = {**plc.update(data, plc.cid_of(newest)), "rotationKeys": [own]}
    publish_past_the_host(alice, plc.sign(operation, signing_keys.rotation_key(account.host)))
    return alice


def test_who_keeps_the_rotation_keys_can_activate_and_write(alone):
    assert alone.call(SERVER + "deactivateAccount").status_code == 200
    assert alone.send(SERVER + "activateAccount").status_code == 200
    alone.create("com.example.grove.thing", {"n": 1})


def test_the_status_says_that_the_did_is_valid_and_not_the_hosts_to_change(alice, alone):
    status = alone.query(SERVER + "checkAccountStatus").json()
    assert (status["validDid"], status["hasRotationKey"]) == (True, False)


def test_of_a_rotation_key_that_is_there_nothing_is_said(alice):
    status = alice.query(SERVER + "checkAccountStatus").json()
    assert status["validDid"] is True
    assert "hasRotationKey" not in status


def test_a_handle_takes_the_owners_own_signature(alone):
    response = alone.call(IDENTITY + "updateHandle", handle="other.test")
    assert response.status_code == 400
    assert "do not include this host's" in response.json()["message"]
    assert "rotation key of your own" in response.json()["message"]


def test_an_operation_of_theirs_is_handed_in_without_our_key(alone):
    account = account_of(alone)
    newest, data = updates.newest(account)
    signed = plc.sign(plc.update(data, plc.cid_of(newest)), SigningKey.generate())
    response = alone.call(IDENTITY + "submitPlcOperation", operation=signed)
    assert response.status_code == 200, response.content


def test_nobody_loses_our_key_through_us(alice):
    operation = labeler(alice, rotationKeys=[SigningKey.generate().did_key])
    response = alice.call(IDENTITY + "submitPlcOperation", operation=operation)
    assert "do not include server's rotation key" in response.json()["message"]
