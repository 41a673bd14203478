"""Apps by which a controller acts: who may answer, what the tokens carry, and their end."""

import pytest
from django.utils import timezone

from accounts import status
from accounts.authentication.session_tokens import ACCESS_SCOPE
from accounts.delegation import people
from accounts.delegation.people import Grant
from accounts.lifecycle import activation, deletion
from accounts.models import OAuthConsent, OAuthDeviceAccount, OAuthRequest, OAuthSession
from accounts.oauth import authorization, devices
from accounts.oauth.authorization import NotSignedIn, OtherAccountExpected, Step
from accounts.oauth.requests import controllers
from accounts.oauth.requests.redirects import Redirect
from accounts.oauth.tokens import access_tokens
from tests.delegates import acting, code_of, delegation
from tests.factories import account_row
from tests.oauth_app import App

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(ash):
    return account_row(ash, "bob")


@pytest.fixture
def by(alice, bob):
    return delegation(alice, bob)


@pytest.fixture
def browser(ash):
    return devices.create(ash, "a browser").device


@pytest.fixture
def app(ash) -> App:
    return App(ash)


def test_tokens_carry_both(app, alice, bob, by):
    tokens = acting(app, bob, by).tokens
    assert (tokens["sub"], tokens["act"]) == (alice.did, {"sub": bob.did})
    read = access_tokens.read(alice.host, tokens["access_token"])
    assert (read.did, read.actor) == (alice.did, bob.did)


def test_the_owner_s_own_tokens_name_nobody_else(app, alice, by):
    assert "act" not in app.signed_in(alice.did).tokens


def test_scopes_are_what_was_asked_and_the_role_allows(app, bob, by):
    scopes = acting(app, bob, by).tokens["scope"].split()
    assert "repo:*" in scopes
    assert "transition:generic" not in scopes


def test_refreshing_keeps_the_role(app, alice, bob, by):
    refreshed = acting(app, bob, by).refresh().json()
    assert refreshed["act"] == {"sub": bob.did}
    assert "transition:generic" not in refreshed["scope"]


def test_nobody_acts_who_was_not_let(app, browser, ash, alice, by):
    opened = app.opened(browser)
    opened = authorization.sign_in(opened, account_row(ash, "mallory"), is_remembered=True)
    with pytest.raises(NotSignedIn):
        authorization.act(opened, str(by.pk))


def test_no_chains(app, browser, ash, alice, bob, by):
    carol = account_row(ash, "carol")
    delegation(bob, carol, "owner")  # Carol acts for Bob, who acts for Alice
    opened = app.opened(browser)
    authorization.sign_in(opened, carol, is_remembered=True)
    assert [each.account for each in controllers.of_browser(opened)] == [bob]


def test_who_acts_for_somebody_proves_nothing_in_their_name(app, browser, ash, bob, by):
    carol = account_row(ash, "carol")
    for_bob = delegation(bob, carol, "owner")
    devices.sign_in(browser, bob, is_remembered=True)  # yesterday, say
    opened = authorization.sign_in(app.opened(browser, prompt="login"), carol, is_remembered=True)
    opened = authorization.act(opened, str(for_bob.pk))
    opened = authorization.act(opened, str(by.pk))  # for Alice, as Bob
    assert authorization.next_step(opened) is Step.SIGN_IN


def test_an_app_that_expects_the_account_takes_its_controller(app, browser, alice, bob, by):
    opened = app.opened(browser, login_hint=alice.handle)
    opened = authorization.sign_in(opened, bob, is_remembered=True)
    assert (opened.account, opened.delegation) == (alice, by)
    assert authorization.next_step(opened) is Step.CONSENT


def test_an_app_that_expects_another_account_takes_no_controller(app, browser, bob, by, ash):
    account_row(ash, "carol")
    opened = app.opened(browser, login_hint="carol.test")
    with pytest.raises(OtherAccountExpected):
        authorization.sign_in(opened, bob, is_remembered=True)


def test_who_is_signed_in_may_choose_the_expected_account(app, browser, alice, bob, by):
    devices.sign_in(browser, bob, is_remembered=True)
    opened = app.opened(browser, login_hint=alice.handle)
    assert authorization.next_step(opened) is Step.CHOOSE_ACCOUNT


def test_a_controller_s_consent_is_not_remembered(app, bob, by):
    acting(app, bob, by)
    assert not OAuthConsent.objects.exists()


def test_an_old_sign_in_of_the_controller_is_asked_for_anew(app, browser, bob, by):
    opened = authorization.sign_in(app.opened(browser), bob, is_remembered=True)
    opened = authorization.act(opened, str(by.pk))
    opened.row.is_fresh_sign_in = False
    long_ago = timezone.now() - controllers.SIGN_IN_IS_FRESH_FOR
    OAuthDeviceAccount.objects.update(signed_in_at=long_ago)
    assert authorization.next_step(opened) is Step.SIGN_IN


def test_a_removal_before_the_code_is_exchanged_leaves_no_code(app, alice, bob, by):
    code = code_of(app, bob, by)
    people.remove(alice, None, by)
    assert app.exchange(code).json()["error"] == "invalid_grant"


def test_a_removal_before_consent_ends_the_request(app, browser, alice, bob, by):
    opened = authorization.sign_in(app.opened(browser), bob, is_remembered=True)
    opened = authorization.act(opened, str(by.pk))
    people.remove(alice, None, by)
    assert not OAuthRequest.objects.exists()
    assert isinstance(authorization.decide(opened, alice, ["atproto"]), Redirect)


def test_a_removal_ends_refreshing(app, alice, bob, by):
    acting(app, bob, by)
    people.change(alice, None, by, Grant("viewer"))
    assert app.refresh().json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "end",
    [status.take_down, activation.deactivate, deletion.delete, status.end_sessions],
    ids=["taken down", "deactivated", "deleted", "signed out"],
)
def test_what_ends_the_controller_s_own_sessions_ends_these(app, bob, by, end, monkeypatch):
    acting(app, bob, by)
    for name in ("account_status_changed", "account_deleted"):
        for module in (status, deletion):
            if hasattr(module, name):
                monkeypatch.setattr(getattr(module, name), "send", lambda *_, **__: None)
    end(bob)
    assert not OAuthSession.objects.exists()


def test_a_password_s_session_is_its_owner_s(bob, by):
    from accounts.authentication import session_tokens, sessions

    tokens = sessions.begin(bob)
    read = session_tokens.read_access(bob.host, tokens.access_jwt)
    assert (read.did, read.scope) == (bob.did, ACCESS_SCOPE)
