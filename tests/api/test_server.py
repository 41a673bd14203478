"""com.atproto.server.* through HTTP."""

import orjson
import pytest

from accounts import status
from accounts.authentication import passwords
from accounts.models import Account, Session, SignIn
from server.web.threads.cpu_pool import CpuPool

NS = "com.atproto.server."
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"


def test_a_server_describes_itself(anyone, ash):
    answer = anyone.query(NS + "describeServer").json()
    assert (answer["did"], answer["availableUserDomains"]) == (ash.service_did, [".test"])
    assert answer["inviteCodeRequired"] is False


def test_a_host_shows_its_own_tenant_links_alone(anyone, ash, birch):
    birch.tenant.terms_of_service_url = "https://birch.example/terms"
    birch.tenant.save()
    assert anyone.query(NS + "describeServer").json()["links"] == {}


def test_sign_up_answers_a_session_and_the_did_document(alice):
    session = alice.query(NS + "getSession").json()
    assert (session["did"], session["handle"]) == (alice.did, "alice.test")
    assert session["didDoc"]["alsoKnownAs"] == ["at://alice.test"]


def test_the_did_document_names_the_host_as_pds(alice, ash):
    service = alice.query(NS + "getSession").json()["didDoc"]["service"]
    assert service[0]["serviceEndpoint"] == ash.origin


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"plcOp": {"type": "plc_operation"}}, (400, 'Unsupported input: "plcOp"')),
        ({"did": DID}, (401, f"Missing auth to create account with did: {DID}")),
    ],
)
def test_an_identity_from_elsewhere_needs_its_proof(anyone, given, refusal):
    body = {"handle": "carol.test", "email": "c@example.com", "password": "12345678", **given}
    response = anyone.call(NS + "createAccount", **body)
    assert (response.status_code, response.json()["message"]) == refusal


def test_a_host_that_wants_invites_says_so(anyone, ash):
    ash.admission = "invite"
    ash.save()
    body = {"handle": "carol.test", "email": "c@example.com", "password": "12345678"}
    response = anyone.call(NS + "createAccount", **body)
    assert response.json()["error"] == "InvalidInviteCode"
    assert response.json()["message"] == "No invite code provided"


@pytest.mark.parametrize("identifier", ["handle", "email", "did"])
def test_login_takes_handle_email_and_did(alice, anyone, identifier):
    name = getattr(alice, identifier)
    response = anyone.call(NS + "createSession", identifier=name, password=alice.password)
    assert response.json()["did"] == alice.did


def test_a_wrong_password_is_a_401(alice, anyone):
    response = anyone.call(NS + "createSession", identifier=alice.handle, password="wrong")
    assert (response.status_code, response.json()["error"]) == (401, "AuthenticationRequired")


def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(alice, anyone):
    wrong = anyone.call(NS + "createSession", identifier=alice.handle, password="wrong")
    unknown = anyone.call(NS + "createSession", identifier="nobody.test", password="wrong")
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


def test_refreshing_rotates_the_token(alice):
    answer = alice.refreshing().send(NS + "refreshSession").json()
    assert answer["did"] == alice.did
    assert answer["refreshJwt"] != alice.refresh_token


def test_an_access_token_refreshes_nothing(alice):
    response = alice.send(NS + "refreshSession")
    assert (response.status_code, response.json()["error"]) == (400, "InvalidToken")


def test_a_refresh_token_opens_nothing_else(alice):
    response = alice.refreshing().query(NS + "getSession")
    assert (response.status_code, response.json()["error"]) == (400, "InvalidToken")


def test_a_deleted_session_cannot_be_refreshed(alice):
    assert alice.refreshing().send(NS + "deleteSession").content == b""
    response = alice.refreshing().send(NS + "refreshSession")
    assert (response.status_code, response.json()["error"]) == (400, "ExpiredToken")


def test_a_session_needs_a_token(anyone):
    response = anyone.query(NS + "getSession")
    assert (response.status_code, response.json()["error"]) == (401, "AuthMissing")


def test_a_session_is_nothing_for_caches(alice):
    response = alice.query(NS + "getSession")
    assert response["Cache-Control"] == "private"
    assert "Authorization" in response["Vary"]


def test_a_taken_down_account_has_no_session(alice):
    status.take_down(Account.objects.get(did=alice.did))
    response = alice.query(NS + "getSession")
    assert (response.status_code, response.json()["error"]) == (401, "AccountTakedown")


def test_a_taken_down_person_may_log_in_to_leave(alice, anyone):
    status.take_down(Account.objects.get(did=alice.did))
    login = {"identifier": alice.handle, "password": alice.password}
    assert anyone.call(NS + "createSession", **login).json()["error"] == "AccountTakedown"
    answer = anyone.call(NS + "createSession", **login, allowTakendown=True).json()
    assert (answer["active"], answer["status"]) == (False, "takendown")


def test_a_token_of_one_host_is_a_strangers_at_another(alice, birch):
    alice.host = birch
    response = alice.query(NS + "getSession")
    assert (response.status_code, response.json()["error"]) == (400, "InvalidToken")


def test_a_login_whose_turn_does_not_come_is_told_when_to_try_again(alice, anyone, monkeypatch):
    monkeypatch.setattr(passwords, "HASHES", CpuPool("nobody", threads=0, queues_s=0.0))
    answer = anyone.call(NS + "createSession", identifier=alice.handle, password=alice.password)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["error"] == "ServiceUnavailable"


def test_the_app_that_signed_somebody_up_is_named_among_the_devices(ash, anyone):
    given = {"handle": "newest.test", "email": "newest@example.com", "password": "12345678"}
    body = orjson.dumps(given)
    made = anyone.send("com.atproto.server.createAccount", body, HTTP_USER_AGENT="An app 1.0")
    assert made.status_code == 200
    session = Session.objects.get(account__did=made.json()["did"])
    assert (session.agent, session.place) == ("An app 1.0", "127.0.0.0/24")
    assert SignIn.objects.get(account__did=made.json()["did"]).agent == "An app 1.0"
