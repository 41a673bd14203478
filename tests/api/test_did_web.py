"""Accounts with a did:web, through HTTP: moved in from elsewhere, or given out by a host."""

import orjson
import pytest

from accounts.identity import did_web
from accounts.identity.plc import owner_operations
from accounts.models import Account, WebIdentity
from hosting.models import Host
from protocol.event_stream.frames import EventKind
from protocol.keys import SigningKey
from server.net import http_client
from tests.api.clients import Person, sign_up
from tests.api.test_moving import (
    CREATE,
    IDENTITY,
    SERVER,
    arrive,
    bring,
    kinds,
    ok,
    refusal,
    service_token,
)
from tests.unit.accounts.service_auth.test_tokens import claims, token

pytestmark = pytest.mark.django_db(transaction=True)
DID = "did:web:lost.example.com"


class OwnServer:
    """Somebody whose did.json is in their own hands, with the old key in it."""

    def __init__(self):
        self.signing = SigningKey.generate()
        self.is_up = True
        self.publish("old.example.com", self.signing.did_key, "https://old.example.com")

    def publish(self, handle: str, did_key: str, endpoint: str) -> None:
        pds = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer"}
        method = {"id": f"{DID}#atproto", "type": "Multikey", "controller": DID}
        self.document = {
            "id": DID,
            "alsoKnownAs": [f"at://{handle}"],
            "verificationMethod": [{**method, "publicKeyMultibase": did_key[len("did:key:") :]}],
            "service": [{**pds, "serviceEndpoint": endpoint}],
        }

    def request(self, _method, url, **_bounds):
        if not self.is_up or url != "https://lost.example.com/.well-known/did.json":
            raise http_client.Unreachable("no such host")
        return http_client.Answer(200, {}, orjson.dumps(self.document))

    def move_in(self, host: Host) -> Person:
        jwt = token(claims(iss=DID, aud=host.service_did, lxm=CREATE), self.signing)
        return arrive(host, DID, jwt, "found.test")

    def follow(self, person: Person) -> None:
        """Put what the new host recommends into the document."""
        recommended = ok(person.query(IDENTITY + "getRecommendedDidCredentials"))
        assert "rotationKeys" not in recommended
        endpoint = recommended["services"]["atproto_pds"]["endpoint"]
        self.publish(person.handle, recommended["verificationMethods"]["atproto"], endpoint)


@pytest.fixture
def own(monkeypatch) -> OwnServer:
    server = OwnServer()
    monkeypatch.setattr(http_client, "request", server.request)
    return server


def test_a_did_web_moves_in_when_its_document_leads_here(ash, own):
    person = own.move_in(ash)
    response = person.send(SERVER + "activateAccount")
    assert refusal(response) == (400, "InvalidRequest")
    own.follow(person)
    ok(person.send(SERVER + "activateAccount"))
    assert ok(person.query(SERVER + "checkAccountStatus"))["validDid"] is True
    assert kinds(person)[-3:] == [EventKind.ACCOUNT, EventKind.IDENTITY, EventKind.SYNC]


def test_a_silent_server_confirms_nothing_and_says_so(ash, own):
    person = own.move_in(ash)
    own.follow(person)
    own.is_up = False
    response = person.send(SERVER + "activateAccount")
    assert refusal(response) == (502, "UpstreamFailure")


def test_a_did_web_changes_its_handle_after_its_document(ash, own):
    person = own.move_in(ash)
    own.follow(person)
    nsid = IDENTITY + "updateHandle"
    response = person.call(nsid, handle="renamed.test")
    assert response.json()["message"] == "DID is not properly configured for handle"
    own.document["alsoKnownAs"] = ["at://renamed.test"]
    ok(person.call(nsid, handle="renamed.test"))
    assert ok(person.query(SERVER + "getSession"))["handle"] == "renamed.test"


def test_plc_operations_are_not_for_a_did_web(ash, own):
    person = own.move_in(ash)
    for name, body in (("signPlcOperation", {"token": "x"}), ("submitPlcOperation", {})):
        response = person.call(IDENTITY + name, operation={}, **body)
        assert refusal(response) == (400, "InvalidRequest")
    assert person.send(IDENTITY + "requestPlcOperationSignature").status_code == 400


@pytest.fixture
def anna(ash) -> Person:
    """An account of ash, which gives out did:web identities."""
    ash.did_method = Host.DidMethod.WEB
    ash.save()
    return sign_up(ash, "anna")


def test_a_host_may_give_out_did_web_identities(anna):
    assert anna.did == "did:web:anna.test"
    assert ok(anna.query(IDENTITY + "resolveDid", did=anna.did))["didDoc"]["id"] == anna.did
    assert ok(anna.query(SERVER + "checkAccountStatus"))["validDid"] is True


def test_its_document_shows_a_new_handle_at_once(anna):
    ok(anna.call(IDENTITY + "updateHandle", handle="anna-b.test"))
    document = ok(anna.query(IDENTITY + "resolveDid", did=anna.did))["didDoc"]
    assert document["alsoKnownAs"] == ["at://anna-b.test"]


def test_such_an_account_can_leave_for_another_host(anna, birch):
    new = arrive(birch, anna.did, service_token(anna, birch), "anna.birch.test")
    bring(anna, new)
    account = Account.objects.get(did=anna.did, host=birch)
    identity = WebIdentity.objects.get(did=anna.did)
    did_web.change(identity.account, owner_operations.recommended(account))
    ok(new.send(SERVER + "activateAccount"))
    assert ok(new.query(SERVER + "checkAccountStatus"))["validDid"] is True
    assert ok(anna.query(SERVER + "checkAccountStatus"))["validDid"] is False
