"""Deactivated with a date or without, deleted with a code, each after a fresh proof."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.authentication.email_codes import Purpose
from accounts.lifecycle import activation
from accounts.models import Account
from hosting.mail.models import OutgoingMail
from tests.concurrency.test_writers import in_threads
from tests.factories import account_row, open_account
from tests.unit.accounts.pages.signed_in_browser import browser_of, code_of, forget_proof, text

CLOSE, REST, DELETE = "/account/close", "/account/close/deactivate", "/account/close/delete"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(ash) -> Account:
    return open_account(ash)


def in_days(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize("page", [CLOSE, REST, DELETE])
def test_each_page_says_what_stays(account, page):
    assert "Replies and quotes by others stay theirs." in text(browser_of(account).get(page))


def test_an_account_rests(account):
    assert browser_of(account).post(REST, {"delete_on": ""})["Location"] == "/account/state"
    kept = Account.objects.get()
    assert (kept.status, kept.delete_after) == ("deactivated", None)


def test_an_account_rests_until_a_day(account):
    browser = browser_of(account)
    browser.post(REST, {"delete_on": in_days(30)})
    kept = Account.objects.get()
    assert kept.delete_after.date().isoformat() == in_days(30)
    assert "It will be deleted after" in text(browser.get("/account/state"))
    assert "Your account will be deleted on" in text(browser.get("/account/"))


@pytest.mark.parametrize("day", ["yesterday", in_days(-1), in_days(0), in_days(9999)])
def test_a_day_that_is_none_gets_a_sentence(account, day):
    response = browser_of(account).post(REST, {"delete_on": day})
    assert response.status_code == 422
    assert 'id="id_delete_on_error"' in text(response)
    assert Account.objects.get().is_active


def test_an_account_is_deleted_with_the_code(account):
    browser = browser_of(account)
    assert "A code is on its way" in text(browser.post(DELETE, {"send": "yes"}))
    assert OutgoingMail.objects.filter(kind="delete_account").exists()
    code = code_of(account, Purpose.DELETE_ACCOUNT)
    assert browser.post(DELETE, {"code": code})["Location"] == "/account/deleted"
    assert not Account.objects.exists()
    assert "The account is deleted" in text(browser.get("/account/deleted"))


@pytest.mark.parametrize("code", ["", "AAAAA-BBBBB", "x" * 200])
def test_without_the_code_nothing_is_deleted(account, code):
    browser = browser_of(account)
    browser.post(DELETE, {"send": "yes"})
    assert browser.post(DELETE, {"code": code}).status_code == 422
    assert Account.objects.exists()


@pytest.mark.parametrize("page", [REST, DELETE])
def test_a_stolen_cookie_alone_ends_nothing(account, page):
    browser = browser_of(account)
    forget_proof(account)
    code = code_of(account, Purpose.DELETE_ACCOUNT)
    assert browser.post(page, {"code": code})["Location"].startswith("/account/prove")
    assert Account.objects.get().is_active


def test_a_code_for_another_purpose_or_account_deletes_nothing(account, birch):
    other = account_row(birch, did=account.did)
    browser = browser_of(account)
    for foreign in (
        code_of(other, Purpose.DELETE_ACCOUNT),
        code_of(account, Purpose.PLC_OPERATION),
    ):
        assert browser.post(DELETE, {"code": foreign}).status_code == 422


def test_while_the_address_is_new_the_page_shows_the_code(account):
    Account.objects.update(email_replaced_at=timezone.now())
    page = text(browser_of(account).post(DELETE, {"send": "yes"}))
    assert code_of(account, Purpose.DELETE_ACCOUNT) in page


def test_two_devices_delete_once(account):
    code = code_of(account, Purpose.DELETE_ACCOUNT)
    devices = [browser_of(account), browser_of(account)]
    answers = []
    in_threads(2, lambda n: answers.append(devices[n].post(DELETE, {"code": code}).status_code))
    assert not Account.objects.exists()
    assert OutgoingMail.objects.filter(kind="account_deleted").count() == 1


def test_close_tells_of_a_planned_deletion(account):
    activation.deactivate(account, timezone.now() + timedelta(days=30))
    assert "It will be deleted after" in text(browser_of(account).get(CLOSE))
