"""com.atproto.identity.* through HTTP."""

from accounts import standing
from accounts.models import Account

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
    standing.take_down(Account.objects.get(did=alice.did))
    assert anyone.query(RESOLVE, handle="alice.test").json()["error"] == "HandleNotFound"


def test_the_parameter_is_named_when_it_is_no_handle(anyone):
    response = anyone.query(RESOLVE, handle="not a handle")
    assert (response.status_code, response.json()["error"]) == (400, "InvalidRequest")
    assert "handle" in response.json()["message"]
