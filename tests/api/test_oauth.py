"""Signing in by OAuth: from the pushed request to a method, and what ends it."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from accounts import status
from accounts.authentication import email_codes, password_resets
from accounts.lifecycle import deletion, staff_overrides
from accounts.models import Account, OAuthDeviceAccount, OAuthRequest, OAuthSession, Session
from accounts.oauth import authorization, devices, scopes
from accounts.oauth.clients import rules
from accounts.oauth.endpoints import views
from accounts.oauth.errors import InvalidScope
from server.database import connection
from tests.oauth_app import App, Key, code_in

GET_SESSION = "com.atproto.server.getSession"


@pytest.fixture
def app(ash) -> App:
    return App(ash)


@pytest.fixture
def signed_in(app, alice) -> App:
    return app.signed_in(alice.did)


@pytest.fixture
def account(alice) -> Account:
    return Account.objects.select_related("host").get(did=alice.did)


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


# --- the way
def test_the_whole_way_ends_with_a_token_for_the_right_did(signed_in, alice):
    answer = signed_in.tokens
    assert answer["sub"] == alice.did
    assert answer["token_type"] == "DPoP"
    assert answer["scope"] == "atproto transition:generic"
    assert 0 < answer["expires_in"] <= 900
    assert answer["refresh_token"].startswith("ref-")


def test_the_token_opens_methods_with_a_fresh_proof_each(signed_in, alice):
    session = signed_in.call(GET_SESSION)
    record = {"$type": "com.example.thing", "n": 1}
    body = {"repo": alice.did, "collection": "com.example.thing", "record": record}
    written = signed_in.call("com.atproto.repo.createRecord", "POST", body)
    assert (session.status_code, session.json()["did"]) == (200, alice.did)
    assert written.status_code == 200, written.content


def test_the_way_back_names_the_issuer_and_the_state(app, account):
    redirect = app.consented(account)
    assert redirect.parameters["iss"] == account.host.origin
    assert redirect.parameters["state"] == "some state"


# --- codes
def test_a_code_that_comes_again_ends_the_session_and_signs_the_browser_out(app, account, ash):
    device = devices.create(ash, "a browser").device
    code = code_in(app.consented(account, device))
    tokens = app.exchange(code).json()
    assert refusal(app.exchange(code)) == (400, "invalid_grant")
    assert refusal(app.call(GET_SESSION, token=tokens["access_token"])) == (401, "invalid_token")
    assert not OAuthDeviceAccount.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": "short"},
        {"redirect_uri": "http://127.0.0.1:1234/other"},
        {"client_id": "http://localhost"},
        {"key": Key()},
    ],
)
def test_a_code_is_of_no_use_to_anybody_else(app, account, wrong):
    code = code_in(app.consented(account))
    assert refusal(app.exchange(code, **wrong)) == (400, "invalid_grant")
    assert refusal(app.exchange(code)) == (400, "invalid_grant")  # it was shown to somebody


def test_a_verifier_serves_once(signed_in, account):
    code = code_in(signed_in.consented(account))
    assert refusal(signed_in.exchange(code)) == (400, "invalid_grant")


def test_consent_given_twice_leads_to_one_code(app, account):
    opened = authorization.sign_in(app.opened(), account, is_remembered=True)
    first, second = (authorization.decide(opened, account, {"atproto"}) for _ in range(2))
    assert first == second
    assert app.exchange(code_in(first)).status_code == 200


def test_a_network_may_name_so_many_permission_sets_and_no_more(app, settings):
    settings.RATE_LIMITS = True
    most = views.PUSHED_SETS.budgets[0].limit
    few, rest = (f"atproto {'include:com.example.set ' * count}" for count in (20, most))
    assert app.par(scope=few).status_code != 429
    assert refusal(app.par(scope=rest)) == (429, "slow_down")


# --- refreshing
def test_a_refresh_gives_new_tokens_that_work(signed_in, alice):
    before = signed_in.tokens
    after = signed_in.refresh().json()
    assert after["refresh_token"] != before["refresh_token"]
    assert after["access_token"] != before["access_token"]
    assert signed_in.call(GET_SESSION, token=after["access_token"]).json()["did"] == alice.did


def test_an_answer_that_got_lost_is_given_again(signed_in):
    first, again = signed_in.refresh().json(), signed_in.refresh().json()
    assert first["refresh_token"] == again["refresh_token"]
    assert signed_in.refresh(first["refresh_token"]).status_code == 200


def test_a_token_before_the_last_is_replay_and_ends_the_session(signed_in):
    second = signed_in.refresh().json()
    third = signed_in.refresh(second["refresh_token"]).json()
    assert refusal(signed_in.refresh()) == (400, "invalid_grant")
    assert refusal(signed_in.refresh(third["refresh_token"])) == (400, "invalid_grant")
    assert refusal(signed_in.call(GET_SESSION)) == (401, "invalid_token")


def test_the_token_before_is_replay_after_a_minute(signed_in):
    signed_in.refresh()
    session = OAuthSession.objects.get()
    session.refreshed_at -= timedelta(seconds=61)
    session.save()
    assert refusal(signed_in.refresh()) == (400, "invalid_grant")
    assert not OAuthSession.objects.exists()


def test_another_dpop_key_ends_the_session(signed_in):
    assert refusal(signed_in.refresh(key=Key())) == (400, "invalid_grant")
    assert not OAuthSession.objects.exists()


@pytest.mark.parametrize("change", [lambda token: token[:-2] + "AA", lambda _: "ref-" + "A" * 70])
def test_a_forged_token_ends_nothing(signed_in, change):
    forged = change(signed_in.tokens["refresh_token"])
    assert refusal(signed_in.refresh(forged)) == (400, "invalid_grant")
    assert signed_in.refresh().status_code == 200


# --- faults of ours
def _no_set(*_args):
    raise InvalidScope("nobody answers")


def _no_database(*_args):
    raise OperationalError("the connection is lost")


@pytest.mark.parametrize(("fault", "status_code"), [(_no_set, 400), (_no_database, 503)])
def test_a_fault_of_ours_ends_no_session(signed_in, monkeypatch, fault, status_code):
    with monkeypatch.context() as during:
        during.setattr(scopes, "expanded", fault)
        during.setattr(connection, "is_outage", lambda error: isinstance(error, OperationalError))
        assert signed_in.refresh().status_code == status_code
    assert signed_in.refresh().status_code == 200


def test_a_fault_of_ours_leaves_the_code_good(app, account, monkeypatch):
    code = code_in(app.consented(account))
    with monkeypatch.context() as during:
        during.setattr(scopes, "expanded", _no_set)
        assert refusal(app.exchange(code)) == (400, "invalid_scope")
    assert app.exchange(code).status_code == 200


# --- what ends a session
def test_revoking_either_token_ends_the_session(app, alice):
    for name in ("access_token", "refresh_token"):
        one = App(app.host).signed_in(alice.did)
        assert one.revoke(one.tokens[name]).status_code == 200
        assert refusal(one.call(GET_SESSION)) == (401, "invalid_token")
        assert refusal(one.refresh()) == (400, "invalid_grant")


def test_revocation_says_nothing_of_junk_and_leaves_others_alone(signed_in):
    token = signed_in.tokens["refresh_token"]
    other = App(signed_in.host, scope="atproto")
    assert signed_in.revoke("junk").status_code == 200
    assert other.revoke(token).status_code == 200
    assert signed_in.refresh().status_code == 200


def _take_down(account, _person):
    status.take_down(account)


def _deactivate(_account, person):
    person.call("com.atproto.server.deactivateAccount")


def _set_password(account, _person):
    staff_overrides.set_password(account, "another horse battery")


def _reset_password(account, _person):
    code = email_codes.issue(account, email_codes.Purpose.RESET_PASSWORD)
    password_resets.reset(account.host, code, "another horse battery")


def _block(account, _person):
    rules.block(account.host.tenant, OAuthSession.objects.get().client_id)


@pytest.mark.parametrize("end", [_take_down, _deactivate, _set_password, _reset_password, _block])
def test_what_ends_sessions_ends_tokens_at_once(signed_in, alice, account, end):
    end(account, alice)
    assert signed_in.call(GET_SESSION).status_code == 401
    assert signed_in.refresh().status_code == 400
    assert not OAuthSession.objects.exists()


def test_an_app_is_told_that_its_token_ended_with_the_takedown(signed_in, account):
    status.take_down(account)
    for nsid in (GET_SESSION, "com.atproto.server.checkAccountStatus"):
        refused = signed_in.call(nsid)
        assert refusal(refused) == (401, "invalid_token")
        assert "DPoP" in refused["WWW-Authenticate"]


def test_an_app_that_may_not_call_is_told_so_whatever_it_sends(signed_in):
    for nsid in ("requestAccountDelete", "requestEmailConfirmation", "activateAccount"):
        assert signed_in.call(f"com.atproto.server.{nsid}", "POST", {}).status_code == 403


def test_an_app_refreshes_no_password_session(signed_in):
    for nsid in ("refreshSession", "deleteSession"):
        refused = signed_in.call(f"com.atproto.server.{nsid}", "POST")
        assert refusal(refused) == (401, "AuthMissing")


def test_a_deleted_accounts_tokens_are_of_no_use(signed_in, account):
    deletion.delete(account)
    assert refusal(signed_in.call(GET_SESSION)) == (401, "invalid_token")
    assert refusal(signed_in.refresh()) == (400, "invalid_grant")


def test_a_code_under_way_ends_with_the_sessions(app, account):
    code = code_in(app.consented(account))
    status.end_sessions(account)
    assert refusal(app.exchange(code)) == (400, "invalid_grant")


def test_a_blocked_app_may_not_ask(app, ash):
    rules.block(ash.tenant, app.client_id)
    assert refusal(app.par()) == (400, "unauthorized_client")
    assert not OAuthRequest.objects.exists()


def test_a_password_session_is_no_apps_business(signed_in, alice):
    assert refusal(signed_in.call(GET_SESSION, token=alice.token)) == (401, "invalid_token")
    assert Session.objects.count() == 1


# --- proofs at methods
def test_a_token_without_its_proof_is_of_no_use(signed_in):
    bare = signed_in.call(GET_SESSION, scheme="Bearer", proof="")
    other_key = signed_in.call(GET_SESSION, key=Key())
    missing = signed_in.call(GET_SESSION, proof="")
    assert refusal(bare) == (401, "invalid_token")
    assert refusal(other_key) == (401, "invalid_token")
    assert refusal(missing) == (401, "invalid_dpop_proof")
    assert all("DPoP" in each["WWW-Authenticate"] for each in (bare, other_key, missing))


@pytest.mark.parametrize(
    "over",
    [
        {"htm": "POST"},
        {"htm": "get"},
        {"htu": "https://elsewhere.example.com/xrpc/x"},
        {"ath": "x" * 43},
        {"iat": 1},
        {"jti": ""},
        {"header": {"typ": "jwt"}},
    ],
)
def test_a_proof_of_something_else_does_not_hold(signed_in, over):
    assert refusal(signed_in.call(GET_SESSION, **over)) == (401, "invalid_dpop_proof")


def test_a_proof_serves_once(signed_in):
    signed_in.call(GET_SESSION)
    url, token = f"{signed_in.host.origin}/xrpc/{GET_SESSION}", signed_in.tokens["access_token"]
    proof = signed_in.key.proof("GET", url, signed_in.nonce, token)
    first, again = (signed_in.call(GET_SESSION, proof=proof) for _ in range(2))
    assert first.status_code == 200
    assert refusal(again) == (401, "invalid_dpop_proof")


def test_a_proof_needs_the_hosts_nonce(signed_in):
    signed_in.nonce = ""
    lacking = signed_in.send(GET_SESSION, "GET", None, {})
    assert refusal(lacking) == (401, "use_dpop_nonce")
    assert lacking["DPoP-Nonce"]
    assert "DPoP-Nonce" in lacking["Access-Control-Expose-Headers"]
