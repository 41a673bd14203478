"""A controller of another tenant's account acts for that one, and sees nothing else there."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.authentication import web_sessions
from accounts.delegation import acting, people, visitors
from accounts.models import Account, Delegation
from accounts.oauth import authorization, devices
from accounts.oauth.requests import controllers
from accounts.pages.cookies import COOKIE, VISITOR_COOKIE
from tests.delegates import delegation
from tests.factories import account_row
from tests.oauth_app import App
from tests.unit.accounts.pages.signed_in_browser import text

SHARED = "/account/u/alice.test"


@pytest.fixture
def account(alice) -> Account:
    return Account.objects.select_related("host").get(did=alice.did)


@pytest.fixture
def controller(mallory) -> Account:
    """Of birch."""
    return Account.objects.select_related("host").get(did=mallory.did)


@pytest.fixture
def visitor(ash, account, controller) -> Client:
    """Mallory at ash, by OAuth at birch, where she is at home."""
    delegation(account, controller, "owner")
    browser = Client(HTTP_HOST=ash.hostname)
    browser.cookies[VISITOR_COOKIE] = visitors.begin(ash, controller.did, controller.handle)
    return browser


def test_she_acts_for_the_one_account(visitor, ash):
    other = account_row(ash, "other")
    assert visitor.get(f"{SHARED}/people").status_code == 200
    for place in ("", "people", "apps", "acting"):
        assert visitor.get(f"/account/u/{other.did}/{place}").status_code == 302
        assert visitor.get(f"/account/{place}").status_code == 302


def test_her_own_cookie_of_birch_is_none_at_ash(visitor, ash, controller):
    browser = Client(HTTP_HOST=ash.hostname)
    browser.cookies[COOKIE] = web_sessions.begin(controller)
    browser.cookies[VISITOR_COOKIE] = visitors.begin(controller.host, controller.did, "x.example")
    assert browser.get(f"{SHARED}/people").status_code == 302


def test_what_she_may_at_ash_is_nothing_at_birch(visitor, birch, account):
    visitor.defaults["HTTP_HOST"] = birch.hostname
    for place in ("", "people", "people/log"):
        answer = visitor.get(f"/account/u/{account.did}/{place}")
        assert (answer.status_code, account.email in text(answer)) == (302, False)


def test_no_password_of_birch_answers_an_app_at_ash(account, controller, ash):
    delegation(account, controller, "owner")
    opened = App(ash).opened()
    with pytest.raises(authorization.NotSignedIn):
        authorization.sign_in(opened, controller, is_remembered=True)
    assert controllers.of_browser(opened) == []


def test_delegations_are_a_hosts_own(account, controller, birch):
    made = delegation(account, controller, "owner")
    assert acting.of_people(birch, [controller.did]) == []
    assert acting.find(birch, [controller.did], account.did) is None
    with pytest.raises(acting.DelegationEnded):
        acting.locked_for_session(birch, made.pk)
    with pytest.raises(acting.NotInvited):
        acting.leave(birch, controller.did, made.pk)
    opened = App(birch).opened()
    devices.sign_in(opened.device, controller, is_remembered=True)
    with pytest.raises(authorization.NotSignedIn):
        authorization.act(opened, str(made.pk))


def test_another_accounts_people_are_not_to_be_changed(account, controller, ash):
    other = account_row(ash, "other")
    made = delegation(account, controller)
    with pytest.raises(people.ChangedMeanwhile):
        people.remove(other, None, made)
    by_other = delegation(other, controller, "owner")
    with pytest.raises(people.NotAllowed):
        people.remove(account, by_other, made)


def test_the_sweeps_end_what_is_over_at_every_host(account, controller):
    Delegation.objects.create(
        account=account,
        controller_did=controller.did,
        role="editor",
        invited_at=timezone.now(),
        expires_at=timezone.now() - timedelta(days=1),
    )
    kept = delegation(controller, account)
    acting.forget_expired()
    assert list(Delegation.objects.all()) == [kept]
