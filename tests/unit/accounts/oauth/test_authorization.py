"""What a person is asked for an app's request, whose the request is, and how it ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import OAuthConsent, OAuthDeviceAccount, OAuthRequest
from accounts.oauth import authorization, devices
from accounts.oauth.authorization import Step
from accounts.oauth.clients import rules
from accounts.oauth.errors import AccessDenied
from accounts.oauth.requests import controllers, opened_requests
from accounts.oauth.requests.opened_requests import RequestRefused
from accounts.oauth.requests.redirects import Redirect
from tests.factories import account_row
from tests.oauth_app import App, code_in

SCOPE = "atproto transition:generic transition:email"


@pytest.fixture
def app(ash) -> App:
    return App(ash, scope=SCOPE)


@pytest.fixture
def trusted(app, ash) -> App:
    rules.trust(ash.tenant, app.client_id)
    return app


@pytest.fixture
def device(ash):
    return devices.create(ash, "a browser").device


def error_in(redirect: object) -> str:
    assert isinstance(redirect, Redirect), redirect
    return redirect.parameters["error"]


# --- whose it is
def test_another_browser_ends_the_request(app, device, ash):
    uri = app.par().json()["request_uri"]
    opened_requests.open_request(ash, device, app.client_id, uri)
    other = devices.create(ash, "another").device
    ended = opened_requests.open_request(ash, other, app.client_id, uri)
    assert error_in(ended) == "access_denied"
    assert not OAuthRequest.objects.exists()


def test_another_client_ends_the_request(app, device, ash):
    uri = app.par().json()["request_uri"]
    ended = opened_requests.open_request(ash, device, "http://localhost", uri)
    assert error_in(ended) == "access_denied"
    assert not OAuthRequest.objects.exists()


def test_another_host_does_not_know_it(app, birch):
    uri = app.par().json()["request_uri"]
    there = devices.create(birch, "a browser").device
    with pytest.raises(RequestRefused):
        opened_requests.open_request(birch, there, app.client_id, uri)
    assert OAuthRequest.objects.exists()


def test_each_view_gives_more_time_and_none_for_ever(app, device, ash):
    uri = app.par().json()["request_uri"]
    row = OAuthRequest.objects.get()
    row.expires_at = timezone.now() + timedelta(seconds=5)
    row.created_at = timezone.now() - opened_requests.LASTS_AT_MOST + timedelta(seconds=60)
    row.save()
    opened_requests.open_request(ash, device, app.client_id, uri)
    row.refresh_from_db()
    assert row.expires_at == row.created_at + opened_requests.LASTS_AT_MOST


def test_whoever_looks_for_a_second_factor_has_the_time(app, device):
    opened = app.opened(device)
    assert opened.row.expires_at > timezone.now() + timedelta(minutes=15)


def test_an_expired_request_is_unknown(app, device, ash):
    uri = app.par().json()["request_uri"]
    OAuthRequest.objects.update(expires_at=timezone.now())
    with pytest.raises(RequestRefused):
        opened_requests.open_request(ash, device, app.client_id, uri)


# --- what is asked
def test_nobody_here_signs_in_and_is_asked_then(app, device, alice):
    opened = app.opened(device)
    assert authorization.next_step(opened) is Step.SIGN_IN
    opened = authorization.sign_in(opened, alice, is_remembered=True)
    assert authorization.next_step(opened) is Step.CONSENT


def test_who_is_here_is_chosen_and_asked(app, device, alice):
    devices.sign_in(device, alice, is_remembered=True)
    opened = app.opened(device)
    assert authorization.next_step(opened) is Step.CHOOSE_ACCOUNT
    assert authorization.next_step(authorization.choose(opened, alice.did)) is Step.CONSENT


def test_a_sign_in_of_long_ago_is_asked_for_anew(app, device, alice):
    devices.sign_in(device, alice, is_remembered=True)
    long_ago = timezone.now() - controllers.SIGN_IN_IS_FRESH_FOR
    OAuthDeviceAccount.objects.update(signed_in_at=long_ago)
    opened = authorization.choose(app.opened(device), alice.did)
    assert authorization.next_step(opened) is Step.SIGN_IN


def test_prompt_login_asks_for_the_password_whoever_is_here(app, device, alice):
    devices.sign_in(device, alice, is_remembered=True)
    opened = app.opened(device, prompt="login")
    assert authorization.next_step(opened) is Step.SIGN_IN
    opened = authorization.sign_in(opened, alice, is_remembered=True)
    assert authorization.next_step(opened) is Step.CONSENT


def test_prompt_create_offers_an_account(app, device):
    assert authorization.next_step(app.opened(device, prompt="create")) is Step.SIGN_UP


def test_only_somebody_who_is_here_can_be_chosen(app, device, alice, ash):
    opened = app.opened(device)
    with pytest.raises(AccessDenied):
        authorization.choose(opened, alice.did)


def test_a_hint_admits_the_one_whom_it_names(app, device, alice, ash):
    bob = account_row(ash, "bobby")
    devices.sign_in(device, bob, is_remembered=True)
    opened = app.opened(device, login_hint=alice.handle.upper())
    assert authorization.candidates(opened) == []
    with pytest.raises(AccessDenied):
        authorization.sign_in(opened, bob, is_remembered=True)
    assert authorization.sign_in(opened, alice, is_remembered=True).account == alice


# --- prompt=none, and what passes in silence
def test_without_asking_nobody_is_an_error(trusted, device):
    opened = trusted.opened(device, prompt="none")
    assert error_in(authorization.next_step(opened)) == "login_required"


def test_without_asking_two_are_an_error(trusted, device, alice, ash):
    for account in (alice, account_row(ash, "bobby")):
        devices.sign_in(device, account, is_remembered=True)
    opened = trusted.opened(device, prompt="none")
    assert error_in(authorization.next_step(opened)) == "account_selection_required"


def test_without_asking_what_was_not_granted_is_an_error(trusted, device, alice):
    devices.sign_in(device, alice, is_remembered=True)
    opened = trusted.opened(device, prompt="none")
    assert error_in(authorization.next_step(opened)) == "consent_required"


def _grant(account, client_id, granted, declined=()):
    OAuthConsent.objects.create(
        account=account, client_id=client_id, granted=list(granted), declined=list(declined)
    )


@pytest.fixture
def public(trusted, monkeypatch) -> App:
    """A trusted client that is nobody's development client."""
    monkeypatch.setattr(opened_requests.ClientProfile, "is_loopback", False)
    return trusted


def test_what_was_granted_before_passes_in_silence(public, device, alice):
    _grant(alice, public.client_id, SCOPE.split())
    devices.sign_in(device, alice, is_remembered=True)
    silent = authorization.next_step(public.opened(device, login_hint=alice.did))
    assert "code" in silent.parameters


def test_what_was_unticked_is_never_granted_in_silence(public, device, alice):
    opened = authorization.sign_in(public.opened(device), alice, is_remembered=True)
    authorization.decide(opened, alice, {"atproto", "transition:generic"})
    again = public.opened(device, prompt="none")
    assert error_in(authorization.next_step(again)) == "consent_required"
    asked = authorization.question(authorization.choose(public.opened(device), alice.did))
    assert "transition:email" in asked.scopes
    assert "transition:email" not in asked.ticked


# --- the end
def test_what_was_unticked_is_not_granted(app, device, alice):
    opened = authorization.sign_in(app.opened(device), alice, is_remembered=True)
    authorization.decide(opened, alice, {"transition:email"})
    assert OAuthRequest.objects.get().granted_scope == "atproto transition:email"


def test_nothing_beyond_what_was_asked_can_be_ticked(app, device, alice):
    opened = authorization.sign_in(app.opened(device), alice, is_remembered=True)
    authorization.decide(opened, alice, {"identity:*", "account:repo?action=manage"})
    assert OAuthRequest.objects.get().granted_scope == "atproto"


def test_a_development_clients_consent_is_not_remembered(app, alice):
    app.consented(alice)
    assert not OAuthConsent.objects.exists()


def test_a_deactivated_account_grants_nothing(app, device, alice):
    opened = authorization.sign_in(app.opened(device), alice, is_remembered=True)
    alice.deactivated_at = timezone.now()
    alice.save()
    assert error_in(authorization.decide(opened, alice, {"atproto"})) == "access_denied"


def test_no_is_told_to_the_app_and_ends_the_request(app, device):
    assert error_in(authorization.refuse(app.opened(device))) == "access_denied"
    assert not OAuthRequest.objects.exists()


def test_who_says_no_after_yes_takes_the_code_back(app, device, ash, alice):
    uri = app.par().json()["request_uri"]
    opened = opened_requests.open_request(ash, device, app.client_id, uri)
    opened = authorization.sign_in(opened, alice, is_remembered=True)
    code = code_in(authorization.decide(opened, alice, {"atproto"}))
    answered = opened_requests.open_request(ash, device, app.client_id, uri, is_answer=True)
    assert error_in(authorization.refuse(answered)) == "access_denied"
    assert app.exchange(code).json()["error"] == "invalid_grant"


def test_a_request_that_was_answered_is_not_opened_again(app, device, ash, alice):
    uri = app.par().json()["request_uri"]
    opened = opened_requests.open_request(ash, device, app.client_id, uri)
    opened = authorization.sign_in(opened, alice, is_remembered=True)
    authorization.decide(opened, alice, {"atproto"})
    ended = opened_requests.open_request(ash, device, app.client_id, uri)
    assert error_in(ended) == "access_denied"
