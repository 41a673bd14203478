"""The way to a provider and back: a good one, a slow one, and hostile ones."""

import base64
import dataclasses
import hashlib
import hmac
import time

import orjson
import pytest

from accounts.models import OpenIdProvider
from accounts.oauth.openid import discovery, flows
from accounts.oauth.openid.refusals import (
    IdTokenRefused,
    ProviderSilent,
    ProviderWrong,
    SignInLost,
    SignInRefused,
)
from server.net import http_client
from tests import openid_provider
from tests.openid_provider import CLIENT_ID, ISSUER, new_key

pytestmark = pytest.mark.django_db


def gone(ash, settings_of_ash, **more):
    return flows.begin(ash, settings_of_ash, "own", "/account/sign-in/openid/enter", **more)


def come_back(ash, there, started, **changes):
    answer = {**there.sent_to(started.url), **changes}
    provider = OpenIdProvider.objects.get(issuer=ISSUER)
    _to, proof = flows.finish(ash, provider.pk, started.cookie, answer)
    return flows.proven(ash, "own", proof)


def test_somebody_goes_and_comes_back_proven(ash, settings_of_ash, there):
    proof = come_back(ash, there, gone(ash, settings_of_ash))
    assert proof.person.subject == "u1"
    assert proof.person.handle == "Wilma"
    assert not proof.person.has_factors


def test_a_proof_lets_in_once(ash, settings_of_ash, there):
    proof = come_back(ash, there, gone(ash, settings_of_ash))
    flows.use(ash, proof)
    with pytest.raises(SignInLost):
        flows.use(ash, proof)


def test_a_proof_is_of_its_host_and_its_purpose(ash, birch, settings_of_ash, there):
    started = gone(ash, settings_of_ash)
    _to, proof = flows.finish(ash, settings_of_ash.pk, started.cookie, there.sent_to(started.url))
    with pytest.raises(SignInLost):
        flows.proven(birch, "own", proof)
    with pytest.raises(SignInLost):
        flows.proven(ash, "connect", proof)


def test_a_provider_of_another_tenant_is_unknown(birch, settings_of_ash):
    with pytest.raises(SignInLost):
        flows.of_host(birch, settings_of_ash.pk)


def test_the_secret_goes_in_the_header_and_the_address_is_exact(ash, settings_of_ash, there):
    come_back(ash, there, gone(ash, settings_of_ash))
    _verb, _path, form, headers = next(each for each in there.asked if each[1] == "/token")
    pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "grove:a+secret+of+the+client"
    assert form["redirect_uri"] == f"{ash.origin}/account/sign-in/openid/back/{settings_of_ash.pk}"


def test_the_secret_goes_in_the_form_where_that_is_set(ash, settings_of_ash, there):
    settings_of_ash.client_auth = "client_secret_post"
    settings_of_ash.save()
    come_back(ash, there, gone(ash, settings_of_ash))
    form = next(each[2] for each in there.asked if each[1] == "/token")
    assert form["client_secret"] == openid_provider.SECRET


@pytest.mark.parametrize(
    "changes",
    [{"state": "another"}, {"state": ""}, {"iss": "https://evil.example"}],
)
def test_an_answer_of_somebody_else_is_refused(ash, settings_of_ash, there, changes):
    with pytest.raises(SignInLost):
        come_back(ash, there, gone(ash, settings_of_ash), **changes)


def test_an_answer_without_iss_is_refused_where_the_provider_says_it_brings_one(
    ash, settings_of_ash, there
):
    there.metadata = {"authorization_response_iss_parameter_supported": True}
    started = gone(ash, settings_of_ash)
    answer = there.sent_to(started.url)
    del answer["iss"]
    with pytest.raises(SignInLost):
        flows.finish(ash, settings_of_ash.pk, started.cookie, answer)


def test_an_answer_that_came_to_another_provider_s_address_is_refused(ash, settings_of_ash, there):
    other = openid_provider.of_tenant(ash.tenant, issuer="https://honest.example")
    started = gone(ash, settings_of_ash)
    answer = there.sent_to(started.url)
    del answer["iss"]
    with pytest.raises(SignInLost):
        flows.finish(ash, other.pk, started.cookie, answer)
    assert not [each for each in there.asked if each[1] == "/token"]


def test_an_answer_counts_once_and_in_its_browser(ash, settings_of_ash, there):
    started = gone(ash, settings_of_ash)
    answer = there.sent_to(started.url)
    flows.finish(ash, settings_of_ash.pk, started.cookie, answer)
    for cookie in (started.cookie, "", gone(ash, settings_of_ash).cookie):
        with pytest.raises(SignInLost):
            flows.finish(ash, settings_of_ash.pk, cookie, answer)


@pytest.mark.parametrize("changes", [{"error": "access_denied"}, {"code": ""}])
def test_who_says_no_there_is_told_so(ash, settings_of_ash, there, changes):
    with pytest.raises(SignInRefused):
        come_back(ash, there, gone(ash, settings_of_ash), **changes)


def test_a_code_that_the_provider_does_not_take_is_no_fault_of_the_settings(
    ash, settings_of_ash, there
):
    there.said["/token"] = (400, b'{"error": "invalid_grant"}')
    with pytest.raises(SignInRefused):
        come_back(ash, there, gone(ash, settings_of_ash))


SPOILED = {
    "another issuer": {"iss": "https://evil.example"},
    "another client": {"aud": "somebody"},
    "several clients and no azp": {"aud": [CLIENT_ID, "somebody"]},
    "issued to another": {"azp": "somebody"},
    "an old nonce": {"nonce": "of another sign-in"},
    "no nonce": {"nonce": None},
    "expired": {"exp": time.time() - 3_600},
    "no end": {"exp": None},
    "made long ago": {"iat": time.time() - 36_000},
    "made in the future": {"iat": time.time() + 36_000},
    "true for a time": {"iat": True},
    "not valid yet": {"nbf": time.time() + 36_000},
    "another access token": {"at_hash": "bm90aGluZw"},
    "nobody": {"sub": ""},
    "somebody unprintable": {"sub": "u\x001"},
    "a number": {"sub": 7},
}


@pytest.mark.parametrize("token", SPOILED.values(), ids=SPOILED)
def test_a_token_that_says_something_else_is_refused(ash, settings_of_ash, there, token):
    there.token = token
    with pytest.raises(IdTokenRefused):
        come_back(ash, there, gone(ash, settings_of_ash))


def test_the_hash_of_the_access_token_is_looked_at(ash, settings_of_ash, there):
    digest = hashlib.sha256(b"an access token").digest()[:16]
    there.token = {"at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}
    assert come_back(ash, there, gone(ash, settings_of_ash)).person.subject == "u1"


def segment(value: dict) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def unsigned(there):
    return f"{segment({'alg': 'none'})}.{segment(there.good_claims())}."


def confused(there):
    """The public key as the secret of an HMAC."""
    signed = f"{segment({'alg': 'HS256', 'kid': 'k1'})}.{segment(there.good_claims())}"
    mac = hmac.digest(there.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def by_another_key(there):
    return there.sign(there.good_claims(), new_key())


def by_no_key(there):
    header = {"alg": "ES256", "kid": "k1", "crit": ["exp"], "exp": 1}
    return f"{segment(header)}.{segment(there.good_claims())}.AAAA"


@pytest.mark.parametrize("make", [unsigned, confused, by_another_key, by_no_key])
def test_a_token_that_the_provider_did_not_sign_is_refused(ash, settings_of_ash, there, make):
    started = gone(ash, settings_of_ash)
    answer = there.sent_to(started.url)
    there.id_token = make(there)
    with pytest.raises(IdTokenRefused):
        flows.finish(ash, settings_of_ash.pk, started.cookie, answer)


def test_a_provider_that_changed_its_keys_is_asked_once_more(
    ash, settings_of_ash, there, monkeypatch
):
    come_back(ash, there, gone(ash, settings_of_ash))
    impatient = dataclasses.replace(discovery.DOCUMENTS.bounds, again_s=-1.0)
    monkeypatch.setattr(discovery.DOCUMENTS, "bounds", impatient)
    there.key = new_key("k2")
    assert come_back(ash, there, gone(ash, settings_of_ash)).person.subject == "u1"


def test_keys_are_not_asked_for_at_each_strange_token(ash, settings_of_ash, there):
    for _ in range(3):
        started = gone(ash, settings_of_ash)
        answer = there.sent_to(started.url)
        there.id_token = there.sign(there.good_claims(), new_key(), kid="of nobody")
        with pytest.raises(IdTokenRefused):
            flows.finish(ash, settings_of_ash.pk, started.cookie, answer)
    assert len([each for each in there.asked if each[1] == "/jwks"]) == 1


def test_claims_beside_the_token_are_of_the_same_person(ash, settings_of_ash, there):
    there.userinfo = {"sub": "u2", "email": "other@corp.example"}
    with pytest.raises(IdTokenRefused):
        come_back(ash, there, gone(ash, settings_of_ash))


def test_claims_beside_the_token_add_to_it(ash, settings_of_ash, there):
    there.userinfo = {"sub": "u1", "preferred_username": "other", "email_verified": True}
    person = come_back(ash, there, gone(ash, settings_of_ash)).person
    assert person.is_email_verified
    assert person.handle == "Wilma"


WRONG = {
    "of another issuer": {"issuer": "https://evil.example"},
    "without keys": {"jwks_uri": None},
    "not by TLS": {"token_endpoint": "http://login.example/token"},
    "without a code": {"response_types_supported": ["id_token"]},
    "without PKCE": {"code_challenge_methods_supported": ["plain"]},
}


@pytest.mark.parametrize("metadata", WRONG.values(), ids=WRONG)
def test_a_provider_that_will_not_do_is_refused(ash, settings_of_ash, there, metadata):
    there.metadata = metadata
    with pytest.raises(ProviderWrong):
        gone(ash, settings_of_ash)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ((302, b""), ProviderWrong),
        ((200, b"<html>"), ProviderWrong),
        ((200, b"[]"), ProviderWrong),
        ((200, b'{"a":"' + b"x" * 200_000 + b'"}'), ProviderWrong),
        ((503, b""), ProviderSilent),
    ],
)
def test_a_discovery_that_makes_no_sense_is_refused(ash, settings_of_ash, there, answer, refusal):
    there.said[discovery.WELL_KNOWN] = answer
    with pytest.raises(refusal):
        gone(ash, settings_of_ash)


@pytest.mark.parametrize(
    ("failure", "refusal"),
    [
        (http_client.TimedOut("slow"), ProviderSilent),
        (http_client.Unreachable("down"), ProviderSilent),
        (http_client.Forbidden("10.0.0.1"), ProviderWrong),
    ],
)
def test_a_provider_that_cannot_be_asked_is_told_apart(
    ash, settings_of_ash, there, failure, refusal
):
    there.failure = failure
    with pytest.raises(refusal):
        gone(ash, settings_of_ash)


def test_a_provider_that_is_away_for_a_moment_is_known_from_before(
    ash, settings_of_ash, there, monkeypatch
):
    forgetful = dataclasses.replace(discovery.DOCUMENTS.bounds, fresh_s=0.0)
    monkeypatch.setattr(discovery.DOCUMENTS, "bounds", forgetful)
    gone(ash, settings_of_ash)
    there.failure = http_client.TimedOut("slow")
    assert gone(ash, settings_of_ash).url.startswith(f"{ISSUER}/authorize?")


def test_whoever_is_to_prove_anew_has_to(ash, settings_of_ash, there):
    there.token = {"auth_time": time.time() - 3_600}
    with pytest.raises(IdTokenRefused):
        come_back(ash, there, gone(ash, settings_of_ash, is_anew=True))
