"""The page of who cannot use the account: what happened, an appeal, a way back, a way out."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import status
from accounts.authentication import credentials
from accounts.lifecycle import activation
from accounts.models import Account
from accounts.signup import sign_up
from moderation.models import Report
from tests.factories import PASSWORD, wanted
from tests.unit.accounts.pages.signed_in_browser import browser_of, forget_proof, text

STATE, APPEAL, ACTIVATE = "/account/state", "/account/state/appeal", "/account/activate"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


@pytest.fixture
def taken_down(account) -> Account:
    status.take_down(account, "case-17")
    account.refresh_from_db()
    return account


def sign_in(account: Account) -> Client:
    browser = Client(HTTP_HOST=account.host.hostname)
    given = {"identifier": account.handle, "password": PASSWORD}
    assert browser.post("/account/sign-in", given).status_code == 302
    return browser


def test_who_was_taken_down_signs_in_and_sees_why_and_what_to_do(taken_down):
    browser = sign_in(taken_down)
    assert browser.get("/account/")["Location"] == STATE
    page = text(browser.get(STATE))
    for said in ("took your account down on", "case-17", APPEAL, "/account/data"):
        assert said in page


def links(browser) -> list[tuple[str, str]]:
    """What the navigation shows: addresses and names."""
    listed = text(browser.get(STATE)).partition('<ul class="places">')[2].partition("</ul>")[0]
    return re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', listed)


def places(browser) -> list[str]:
    return [name for _href, name in links(browser)]


def test_who_was_taken_down_is_shown_the_places_that_are_open(taken_down):
    assert places(browser_of(taken_down)) == ["State", "Data", "Identity", "Close account"]


def test_who_is_deactivated_is_shown_the_state_beside_what_they_may_use(account):
    browser = browser_of(account)
    before = places(browser)
    activation.deactivate(account, None)
    assert places(browser) == ["Home", "State", *before[1:]]
    assert all(browser.get(href).status_code == 200 for href, _name in links(browser))


@pytest.mark.parametrize("path", ["apps", "confirm-email"])
def test_every_other_page_leads_there(taken_down, path):
    response = browser_of(taken_down).get(f"/account/{path}")
    assert response["Location"] == STATE


@pytest.mark.parametrize(
    "path", ["identity", "move-out", "close", "codes", "close/delete", "data", "data/repo.car"]
)
def test_those_for_leaving_are_open(taken_down, path):
    assert browser_of(taken_down).get(f"/account/{path}").status_code == 200


def test_a_takedown_cannot_be_undone_by_activating(taken_down):
    assert browser_of(taken_down).post(ACTIVATE)["Location"] == STATE
    assert Account.objects.get().status == "takendown"


def test_an_appeal_is_a_report_about_oneself(taken_down):
    response = browser_of(taken_down).post(APPEAL, {"text": "It was a joke."})
    assert "have it, and look again" in text(response)
    report = Report.objects.get()
    assert (report.reported_by, report.host_id) == (taken_down.did, taken_down.host_id)
    assert report.reason_type == "com.atproto.moderation.defs#reasonAppeal"
    assert report.reason == "It was a joke."


def test_appeals_have_a_limit(taken_down, settings):
    settings.RATE_LIMITS = True
    browser = browser_of(taken_down)
    answers = [browser.post(APPEAL, {"text": "again"}).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


@pytest.mark.parametrize("words", ["", "x" * 2001])
def test_an_appeal_without_words_or_with_too_many_is_refused(taken_down, words):
    assert browser_of(taken_down).post(APPEAL, {"text": words}).status_code == 422
    assert not Report.objects.exists()


def test_who_was_not_taken_down_has_nothing_to_appeal(account):
    assert browser_of(account).post(APPEAL, {"text": "why?"}).status_code == 422


def test_who_is_deactivated_comes_back_by_a_button(account):
    activation.deactivate(account)
    browser = browser_of(account)
    assert "You deactivated your account on" in text(browser.get(STATE))
    assert browser.post(ACTIVATE)["Location"] == "/account/"
    assert Account.objects.get().is_active


def test_activating_takes_a_fresh_proof(account):
    activation.deactivate(account)
    browser = browser_of(account)
    forget_proof(account)
    assert browser.post(ACTIVATE)["Location"].startswith("/account/prove")


def test_a_directory_that_is_down_is_named(account, plc):
    activation.deactivate(account)
    plc.down = True
    response = browser_of(account).post(ACTIVATE)
    assert response.status_code == 503
    assert "The directory of accounts cannot be reached" in text(response)


def test_signing_in_calls_a_planned_deletion_off(account, monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    activation.deactivate(account, timezone.now() + timedelta(days=30))
    sign_in(account)
    kept = Account.objects.get()
    assert (kept.status, kept.delete_after) == ("deactivated", None)


def test_an_active_account_is_said_to_be(account):
    assert "Your account is active" in text(browser_of(account).get(STATE))
