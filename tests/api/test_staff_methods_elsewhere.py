"""Methods for a host's staff, called by an account that is staff of another service."""

import orjson
import pytest

from accounts.authentication import session_tokens
from tests.api.clients import Person
from tests.api.relayed import carried, claims, labeler, view
from tests.api.test_proxy import app_password
from tests.fuzz import samples
from tests.upstreams import answering
from xrpc import (
    com_atproto,  # noqa: F401 - importing it declares its methods
    registry,
)

__all__ = ["labeler", "view"]
FORWARDED = [
    nsid
    for nsid in registry.registered()
    if (method := registry.find(nsid))
    and method.auth.is_for_staff
    and nsid != "com.atproto.admin.sendEmail"  # never leaves: see the list of protected methods
]
SEARCH = "com.atproto.admin.searchAccounts"


def call(person: Person, nsid: str, service: str):
    params, value = samples.values(nsid)
    header = {"HTTP_ATPROTO_PROXY": service}
    if registry.find(nsid).kind == "query":
        return person.get(f"/xrpc/{nsid}", params, **header)
    return person.send(nsid, orjson.dumps(value), **header)


@pytest.mark.parametrize("nsid", FORWARDED)
def test_a_call_that_names_another_service_goes_there_in_the_accounts_name(nsid, alice, labeler):
    labeler.answers(nsid, answering({"accounts": []}))
    answer = carried(call(alice, nsid, f"{labeler.did}#atproto_labeler"))
    assert answer.status == 200
    said = claims(labeler.last().headers["authorization"])
    assert (said["iss"], said["aud"], said["lxm"]) == (alice.did, labeler.did, nsid)


def test_without_another_service_a_session_is_worth_nothing(alice):
    assert call(alice, SEARCH, "").status_code == 401


def test_this_host_named_is_this_host(alice, ash):
    assert call(alice, SEARCH, f"{ash.service_did}#atproto_pds").status_code == 401


def test_what_an_app_was_given_does_not_open_a_host(alice, labeler):
    app = app_password(alice, session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE)
    answer = call(app, SEARCH, f"{labeler.did}#atproto_labeler")
    assert (answer.status_code, answer.json()["message"]) == (400, "Bad token scope")


def test_an_email_is_never_sent_through_another_service(alice, labeler):
    nsid = "com.atproto.admin.sendEmail"
    assert call(alice, nsid, f"{labeler.did}#atproto_labeler").status_code == 401


def test_an_account_of_another_tenant_is_nobody_here(mallory, ash, labeler):
    stranger = Person(ash, mallory.token, did=mallory.did)
    answer = call(stranger, SEARCH, f"{labeler.did}#atproto_labeler")
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidToken")
