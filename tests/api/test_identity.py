"""com.atproto.identity.* through HTTP."""

import re
import secrets

import orjson
import pytest
from django.utils import timezone

from accounts import status
from accounts.identity.resolution import network_handles
from accounts.models import Account, CustomHandle
from hosting.mail.models import OutgoingMail
from protocol.keys import SigningKey
from tests.api.clients import Api
from xrpc import registry

RESOLVE = "com.atproto.identity.resolveHandle"


def test_a_handle_leads_to_its_did(alice, anyone):
    assert anyone.query(RESOLVE, handle="alice.test").json() == {"did": alice.did}


def test_letter_case_does_not_matter(alice, anyone):
    assert anyone.query(RESOLVE, handle="Alice.TEST").json() == {"did": alice.did}


def test_an_unknown_handle_is_not_found(anyone):
    response = anyone.query(RESOLVE, handle="nobody.test")
    assert (response.status_code, response.json()["error"]) == (400, "HandleNotFound")
    assert response.json()["message"] == "Unable to resolve handle"


def test_a_handle_of_another_tenant_is_answered_as_its_own_host_would(mallory, anyone):
    assert anyone.query(RESOLVE, handle=mallory.handle).json() == {"did": mallory.did}


def test_a_taken_down_handle_leads_nowhere(alice, anyone):
    status.take_down(Account.objects.get(did=alice.did))
    assert anyone.query(RESOLVE, handle="alice.test").json()["error"] == "HandleNotFound"


def test_the_parameter_is_named_when_it_is_no_handle(anyone):
    response = anyone.query(RESOLVE, handle="not a handle")
    assert (response.status_code, response.json()["error"]) == (400, "InvalidRequest")
    assert "handle" in response.json()["message"]


UPDATE = "com.atproto.identity.updateHandle"
SESSION = "com.atproto.server.getSession"
LOGIN = "com.atproto.server.createSession"


def refusal(response) -> tuple[int, str, str]:
    body = response.json()
    return response.status_code, body["error"], body["message"]


def test_a_new_handle_counts_at_once(alice, anyone):
    assert alice.call(UPDATE, handle="new-alice.test").status_code == 200
    assert alice.query(SESSION).json()["handle"] == "new-alice.test"
    assert anyone.query(RESOLVE, handle="new-alice.test").json() == {"did": alice.did}
    assert anyone.query(RESOLVE, handle="alice.test").status_code == 400
    login = anyone.call(LOGIN, identifier="new-alice.test", password=alice.password)
    assert login.status_code == 200


def test_a_handle_is_normalised(alice):
    assert alice.call(UPDATE, handle="New-Alice.TEST").status_code == 200
    assert alice.query(SESSION).json()["handle"] == "new-alice.test"


@pytest.mark.parametrize(
    ("handle", "error", "message"),
    [
        ("bobby.test", "HandleNotAvailable", "Handle already taken: bobby.test"),
        ("admin.test", "HandleNotAvailable", "Reserved handle"),
        ("ab.test", "InvalidHandle", "Handle too short"),
        ("x" * 19 + ".test", "InvalidHandle", "Handle too long"),
        ("a.lice.test", "InvalidHandle", "Invalid characters in handle"),
        ("alice.example.com", "InvalidRequest", "External handle did not resolve to DID"),
        ("alice.local", "InvalidHandle", "Handle TLD is invalid or disallowed"),
        ("c0ons.test", "InvalidHandle", "Inappropriate language in handle"),
        ("c0ons.example.com", "InvalidHandle", "Inappropriate language in handle"),
    ],
)
def test_refused_handles_say_why(alice, bob, handle, error, message):
    assert refusal(alice.call(UPDATE, handle=handle)) == (400, error, message)
    assert alice.query(SESSION).json()["handle"] == "alice.test"


def test_an_app_password_may_change_the_handle(alice, anyone):
    made = alice.call("com.atproto.server.createAppPassword", name="phone").json()
    session = anyone.call(LOGIN, identifier=alice.did, password=made["password"]).json()
    phone = Api(alice.host, session["accessJwt"])
    assert phone.call(UPDATE, handle="new-alice.test").status_code == 200


def test_a_taken_down_account_keeps_its_handle(alice):
    status.take_down(Account.objects.get(did=alice.did))
    assert alice.call(UPDATE, handle="new-alice.test").json()["error"] == "AccountTakedown"


def test_a_lost_custom_handle_is_shown_as_invalid(alice):
    account = Account.objects.get(did=alice.did)
    Account.objects.filter(pk=account.pk).update(handle="alice.example.com")
    now = timezone.now()
    CustomHandle.objects.create(account=account, next_check_at=now, lost_at=now)
    assert alice.query(SESSION).json()["handle"] == "handle.invalid"
    described = alice.query("com.atproto.repo.describeRepo", repo=alice.did).json()
    assert (described["handle"], described["handleIsCorrect"]) == ("handle.invalid", False)
    login = alice.call(LOGIN, identifier="alice.example.com", password=alice.password)
    assert login.status_code == 200


def test_recommended_credentials_are_this_hosts(alice):
    answer = alice.query("com.atproto.identity.getRecommendedDidCredentials").json()
    account = Account.objects.get(did=alice.did)
    assert answer == {
        "rotationKeys": [alice.host.rotation_did_key],
        "alsoKnownAs": ["at://alice.test"],
        "verificationMethods": {"atproto": account.signing_did_key},
        "services": {
            "atproto_pds": {"type": "AtprotoPersonalDataServer", "endpoint": alice.host.origin}
        },
    }


def mailed_code() -> str:
    text = OutgoingMail.objects.order_by("-id").first().text
    return re.search(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", text)[0]


def test_an_operation_is_signed_by_a_mailed_code_and_submitted(alice, directory):
    asked = alice.send("com.atproto.identity.requestPlcOperationSignature")
    assert (asked.status_code, asked.content) == (200, b"")
    own = SigningKey.generate().did_key
    wanted = {"rotationKeys": [own, alice.host.rotation_did_key], "token": mailed_code()}
    signed = alice.call("com.atproto.identity.signPlcOperation", **wanted).json()["operation"]
    response = alice.call("com.atproto.identity.submitPlcOperation", operation=signed)
    assert (response.status_code, response.content) == (200, b"")
    assert orjson.loads(directory[-1][1])["rotationKeys"][0] == own


def test_signing_needs_the_code(alice):
    nsid = "com.atproto.identity.signPlcOperation"
    without = "email confirmation token required to sign PLC operations"
    assert refusal(alice.call(nsid, rotationKeys=[])) == (400, "InvalidRequest", without)
    wrong = refusal(alice.call(nsid, token="AAAAA-BBBBB"))
    assert wrong == (400, "InvalidToken", "Token is invalid")


def test_who_was_taken_down_may_still_leave(alice):
    status.take_down(Account.objects.get(did=alice.did))
    leaving = alice.call(
        LOGIN, identifier=alice.did, password=alice.password, allowTakendown=True
    ).json()
    gone = Api(alice.host, leaving["accessJwt"])
    asked = gone.send("com.atproto.identity.requestPlcOperationSignature")
    assert asked.status_code == 200
    signed = gone.call("com.atproto.identity.signPlcOperation", token=mailed_code())
    assert signed.json()["operation"]["type"] == "plc_operation"


def test_an_app_password_signs_nothing(alice, anyone):
    made = alice.call("com.atproto.server.createAppPassword", name="phone").json()
    session = anyone.call(LOGIN, identifier=alice.did, password=made["password"]).json()
    phone = Api(alice.host, session["accessJwt"])
    for nsid in ("requestPlcOperationSignature", "signPlcOperation"):
        body = b"{}" if nsid.startswith("sign") else b""
        response = phone.send(f"com.atproto.identity.{nsid}", body)
        assert refusal(response) == (400, "InvalidToken", "Bad token scope")


def test_a_did_is_resolved_to_its_document(alice, anyone):
    answer = anyone.query("com.atproto.identity.resolveDid", did=alice.did).json()["didDoc"]
    assert (answer["id"], answer["alsoKnownAs"]) == (alice.did, ["at://alice.test"])


@pytest.mark.parametrize("nsid", ["resolveDid", "resolveIdentity"])
def test_an_unknown_did_is_not_found(anyone, nsid):
    name = "did" if nsid == "resolveDid" else "identifier"
    response = anyone.query(f"com.atproto.identity.{nsid}", **{name: "did:plc:" + "z" * 24})
    assert (response.status_code, response.json()["error"]) == (400, "DidNotFound")


@pytest.mark.parametrize("name", ["handle", "did"])
def test_an_identity_is_verified_both_ways(alice, anyone, name):
    nsid = "com.atproto.identity.resolveIdentity"
    answer = anyone.query(nsid, identifier=getattr(alice, name)).json()
    assert (answer["did"], answer["handle"]) == (alice.did, "alice.test")
    assert answer["didDoc"]["id"] == alice.did


def test_a_handle_that_does_not_lead_back_is_invalid(alice, anyone):
    Account.objects.filter(did=alice.did).update(handle="elsewhere.test")
    nsid = "com.atproto.identity.resolveIdentity"
    assert anyone.query(nsid, identifier=alice.did).json()["handle"] == "handle.invalid"


def test_an_unknown_handle_has_no_identity(anyone):
    response = anyone.query("com.atproto.identity.resolveIdentity", identifier="nobody.test")
    assert (response.status_code, response.json()["error"]) == (400, "HandleNotFound")


def test_refreshing_an_identity_asks_anew(alice, bob):
    nsid = "com.atproto.identity.refreshIdentity"
    bob.query("com.atproto.identity.resolveDid", did=alice.did)
    assert bob.call(nsid, identifier=alice.did).json()["handle"] == "alice.test"
    assert Api(bob.host).call(nsid, identifier=alice.did).status_code == 401


def test_a_reserved_key_is_the_same_for_the_same_did(anyone):
    nsid = "com.atproto.server.reserveSigningKey"
    first, second = (anyone.call(nsid, did="did:web:example.com").json() for _ in range(2))
    assert first == second
    assert anyone.call(nsid).json() != first


def test_a_handle_of_another_domain_is_asked_for_in_another_lane(anyone, monkeypatch):
    did, handle = "did:web:zoe.example.com", f"x{secrets.token_hex(8)}.example.com"
    monkeypatch.setattr(network_handles, "ask", lambda _name: did)
    plan = anyone.query(RESOLVE, handle=handle).responder.plan
    assert (plan.pool, orjson.loads(plan.work().text)) == ("lookup", {"did": did})
    assert anyone.query(RESOLVE, handle=handle).json() == {"did": did}


def test_waiting_methods_are_kept_out_of_the_fast_lane():
    for nsid in registry.registered():
        is_local = nsid.endswith(
            ("getRecommendedDidCredentials", "requestPlcOperationSignature", "resolveHandle")
        )
        if nsid.startswith("com.atproto.identity.") and not is_local:
            assert registry.find(nsid).pool in ("remote", "lookup")
