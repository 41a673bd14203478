"""Whatever one host gave out is worth nothing at another: requests, codes, tokens, browsers,
consents, nonces, blocked and trusted apps."""

import pytest

from accounts.models import Account, OAuthRequest, OAuthSession
from accounts.oauth import authorization, consents, devices
from accounts.oauth.clients import rules
from accounts.oauth.dpop import nonces
from accounts.oauth.errors import AccessDenied
from accounts.oauth.requests import opened_requests
from accounts.oauth.requests.opened_requests import RequestRefused
from accounts.oauth.tokens import access_tokens
from tests.oauth_app import App, code_in

GET_SESSION = "com.atproto.server.getSession"


@pytest.fixture
def app(ash, alice) -> App:
    return App(ash).signed_in(alice.did)


@pytest.fixture
def elsewhere(app, birch) -> App:
    """The same app, with the same key, at birch, knowing all that it was given at ash."""
    other = App(birch, key=app.key, verifier=app.verifier, tokens=dict(app.tokens))
    other.par()  # for its nonce
    return other


def error_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def test_a_token_opens_nothing_elsewhere(elsewhere):
    assert error_of(elsewhere.call(GET_SESSION)) == (401, "invalid_token")
    assert elsewhere.call("com.atproto.server.describeServer").status_code == 200  # is for all


def test_a_refresh_token_is_none_elsewhere_and_ends_nothing(app, elsewhere):
    assert error_of(elsewhere.refresh()) == (400, "invalid_grant")
    assert app.refresh().status_code == 200


def test_revoking_elsewhere_ends_nothing(app, elsewhere):
    for name in ("access_token", "refresh_token"):
        assert elsewhere.revoke(app.tokens[name]).status_code == 200
    assert OAuthSession.objects.count() == 1


def test_a_code_is_none_elsewhere(ash, elsewhere, alice):
    here = App(ash, key=elsewhere.key)
    code = code_in(here.consented(Account.objects.select_related("host").get(did=alice.did)))
    elsewhere.verifier = here.verifier
    assert error_of(elsewhere.exchange(code)) == (400, "invalid_grant")
    assert here.exchange(code).status_code == 200


def test_a_request_is_unknown_elsewhere(app, birch):
    uri = App(app.host, verifier="v" * 43).par().json()["request_uri"]
    browser = devices.create(birch, "a browser").device
    with pytest.raises(RequestRefused):
        opened_requests.open_request(birch, browser, app.client_id, uri)
    assert OAuthRequest.objects.exists()


def test_a_browser_is_unknown_elsewhere(ash, birch):
    seen = devices.create(ash, "a browser")
    assert devices.find(birch, seen.cookies, "a browser") is None
    assert devices.find(ash, seen.cookies, "a browser") is not None


def test_nobody_of_another_host_can_answer(birch, alice):
    account = Account.objects.select_related("host").get(did=alice.did)
    opened = App(birch).opened()
    with pytest.raises(AccessDenied):
        authorization.sign_in(opened, account, is_remembered=True)
    assert devices.signed_in(opened.device) == []


def test_nonces_and_scopes_are_a_hosts_own(app, birch):
    assert not nonces.is_good(birch, nonces.current(app.host))
    with pytest.raises(access_tokens.InvalidAccessToken):
        access_tokens.read(birch, app.tokens["access_token"])


def test_a_tenants_rules_bind_its_own_hosts(app, birch, mallory):
    there = App(birch).signed_in(mallory.did)
    assert rules.block(birch.tenant, app.client_id) == 1
    assert app.call(GET_SESSION).status_code == 200
    assert error_of(there.call(GET_SESSION)) == (401, "invalid_token")
    assert App(app.host, verifier="w" * 43).par().status_code == 201
    assert not rules.is_trusted(app.host, app.client_id)


def test_a_consent_is_the_accounts_at_its_host(alice, mallory):
    one, other = (Account.objects.get(did=each.did) for each in (alice, mallory))
    consents.remember(one, "https://app.example.com/c", ["atproto"], [])
    assert not consents.of(other, "https://app.example.com/c").covers(["atproto"])
