"""Does the DID lead to this host, under a key of ours?"""

import pytest

from accounts.identity import did_verification
from accounts.identity.did_verification import DidServerUnavailable, InvalidDid
from protocol.keys import SigningKey


def endpoint(url: str):
    return {"atproto_pds": {"type": "AtprotoPersonalDataServer", "endpoint": url}}


def test_a_did_that_leads_here_is_valid(alice, directory_says):
    directory_says()
    did_verification.check(alice)
    assert did_verification.is_valid(alice)


def test_a_slash_after_the_endpoint_makes_no_difference(alice, directory_says):
    directory_says(services=endpoint(alice.host.origin + "/"))
    assert did_verification.is_valid(alice)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"services": endpoint("https://elsewhere.example")}, "this host as the account's PDS"),
        ({"services": {}}, "this host as the account's PDS"),
        ({"verificationMethods": {"atproto": SigningKey.generate().did_key}}, "signing key"),
    ],
)
def test_a_did_that_leads_elsewhere_is_not(alice, directory_says, changes, complaint):
    directory_says(**changes)
    with pytest.raises(InvalidDid, match=complaint) as refused:
        did_verification.check(alice)
    assert (refused.value.status, refused.value.name) == (400, "InvalidRequest")
    assert not did_verification.is_valid(alice)


def test_a_did_that_the_directory_does_not_hold_is_not(alice, directory_says):
    directory_says(status=404)
    with pytest.raises(InvalidDid, match="Could not resolve DID"):
        did_verification.check(alice)


def test_a_directory_that_is_silent_confirms_nothing(alice, directory_says):
    directory_says(status=500)
    with pytest.raises(DidServerUnavailable) as silent:
        did_verification.check(alice)
    assert silent.value.status == 502
    assert not did_verification.is_valid(alice)


def test_another_did_method_is_not_valid_here(alice, directory_says):
    directory_says()
    alice.did = "did:web:example.com"
    assert not did_verification.is_valid(alice)
