"""Rules of OAuth that clients and servers miss, one by one: what is tolerated, and what ends when.

Source: atproto.com/specs/oauth, RFC 9449, and how the reference PDS answers.
"""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, OAuthConsent, OAuthRequest, OAuthSession
from accounts.oauth import authorization, devices
from accounts.oauth.authorization import Step
from accounts.oauth.sessions import lifetimes
from tests.oauth_app import App, Key, code_in

GET_SESSION = "com.atproto.server.getSession"


@pytest.fixture
def app(ash) -> App:
    return App(ash)


@pytest.fixture
def account(alice) -> Account:
    return Account.objects.select_related("host").get(did=alice.did)


@pytest.fixture
def signed_in(app, alice) -> App:
    return app.signed_in(alice.did)


# --- proofs
@pytest.mark.parametrize("end", ["?did=x", "#part", "?"])
def test_an_address_with_query_or_fragment_is_the_methods(signed_in, end):
    url = f"{signed_in.host.origin}/xrpc/{GET_SESSION}{end}"
    assert signed_in.call(GET_SESSION, htu=url).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "status_code"), [(170, 200), (-180, 200), (200, 401), (-200, 401)]
)
def test_clocks_may_differ_by_three_minutes(signed_in, seconds, status_code):
    answer = signed_in.call(GET_SESSION, iat=int(time.time()) + seconds)
    assert answer.status_code == status_code


def test_a_proof_is_remembered_for_as_long_as_it_could_be_good(signed_in):
    signed_in.call(GET_SESSION)
    url, token = f"{signed_in.host.origin}/xrpc/{GET_SESSION}", signed_in.tokens["access_token"]
    early = int(time.time()) - 150
    proof = signed_in.key.proof("GET", url, signed_in.nonce, token, iat=early)
    codes = [signed_in.call(GET_SESSION, proof=proof).status_code for _ in range(2)]
    assert codes == [200, 401]


# --- keys
def test_a_request_without_a_key_is_bound_by_the_token_call(app, account):
    opened = app.opened(proof="")
    opened = authorization.sign_in(opened, account, is_remembered=True)
    code = code_in(authorization.decide(opened, account, ["atproto"]))
    late = Key()
    assert app.exchange(code, key=late).status_code == 200
    assert OAuthSession.objects.get().dpop_jkt == late.jkt


def test_a_request_that_named_a_key_takes_no_other(app, account):
    opened = app.opened(proof="", dpop_jkt=Key().jkt)
    opened = authorization.sign_in(opened, account, is_remembered=True)
    refused = app.exchange(code_in(authorization.decide(opened, account, ["atproto"])))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


# --- what is asked of the person
@pytest.mark.parametrize("prompt", [None, "login", "consent", "select_account"])
def test_a_client_that_proves_nothing_has_consent_asked_for_whatever_it_wants(app, account, prompt):
    device = devices.create(app.host, "a browser").device
    for _ in range(2):  # the second time all of it was granted before
        opened = app.opened(device, prompt=prompt)
        opened = authorization.sign_in(opened, account, is_remembered=True)
        assert authorization.next_step(opened) is Step.CONSENT
        authorization.decide(opened, account, authorization.question(opened).scopes)
    assert not OAuthConsent.objects.exists()  # of a development client nothing is remembered


def test_a_hint_is_understood_in_capitals(app, alice):
    app.par(login_hint=alice.handle.upper())
    assert OAuthRequest.objects.get().parameters["login_hint"] == alice.handle


# --- how long things last
def test_a_public_clients_session_lasts_a_fortnight_however_often_it_is_refreshed(signed_in):
    before = OAuthSession.objects.get()
    assert before.ends_at - before.created_at < timedelta(days=14, seconds=5)
    signed_in.tokens = signed_in.refresh().json()
    after = OAuthSession.objects.get()
    assert after.ends_at == before.ends_at
    assert after.refresh_until <= after.ends_at


def test_no_token_outlives_its_session(signed_in):
    OAuthSession.objects.update(ends_at=timezone.now() + timedelta(seconds=30))
    assert 0 < signed_in.refresh().json()["expires_in"] <= 30


def test_a_session_that_nobody_refreshed_in_time_is_over(signed_in):
    OAuthSession.objects.update(refresh_until=timezone.now())
    refused = signed_in.refresh()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_client_with_a_key_has_a_quarter_of_a_year_to_refresh_and_two_in_all():
    now = timezone.now()
    client = type("Confidential", (), {"is_public": False})
    assert lifetimes.ends_at(now, client) == now + timedelta(days=730)
    assert lifetimes.refresh_until(now, client, now + timedelta(days=730)) == now + timedelta(90)
    assert lifetimes.refresh_until(now, client, now + timedelta(days=2)) == now + timedelta(days=2)


def test_too_many_sessions_of_an_account_push_out_the_eldest(app, alice, monkeypatch):
    monkeypatch.setattr("accounts.oauth.sessions.rows.SESSIONS_MAX", 2)
    found = []
    for _ in range(3):
        app.verifier += "x"
        app.signed_in(alice.did)
        found.append(set(OAuthSession.objects.values_list("pk", flat=True)))
    assert [len(each) for each in found] == [1, 2, 2]
    assert not found[0] & found[2]
