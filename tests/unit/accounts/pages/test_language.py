"""The switch of languages: kept in the browser and on the account, open to no stranger."""

import pytest
from django.test import Client

from accounts.authentication import email_codes
from accounts.models import Account, EmailToken
from hosting.mail.models import OutgoingMail
from tests.factories import account_row
from tests.unit.accounts.pages.sign_up_form import FORM

SWITCH = "/account/language"
PAGE = "/account/sign-in"
ALICE = {"identifier": "alice", "password": FORM["password"]}


@pytest.fixture
def alice(ash):
    return account_row(ash)


def test_every_page_offers_each_language_by_its_own_name(browser):
    page = browser.get(f"{PAGE}?a=1").content.decode()
    assert 'value="de" lang="de">Deutsch</button>' in page
    assert 'value="en" lang="en" aria-current="true">English</button>' in page
    assert f'name="next" value="{PAGE}?a=1"' in page


def test_the_choice_is_kept_and_beats_what_the_browser_asks_for(browser):
    answer = browser.post(SWITCH, {"language": "de", "next": PAGE})
    assert answer.url == PAGE
    assert browser.get(PAGE, headers={"accept-language": "en"})["Content-Language"] == "de"


def test_the_cookie_is_for_this_host_alone(browser):
    cookie = browser.post(SWITCH, {"language": "de"}).cookies["grove-language"]
    assert (cookie["domain"], cookie["path"], cookie["samesite"]) == ("", "/", "Lax")
    assert cookie["httponly"]


@pytest.mark.parametrize("language", ["", "tlh", "de-DE", "de; path=/x", "../de"])
def test_what_nobody_offers_is_not_kept(browser, language):
    answer = browser.post(SWITCH, {"language": language, "next": PAGE})
    assert answer.url == PAGE
    assert not answer.cookies


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/", "//evil.test", "/\\evil.test", "x", ""]
)
def test_the_switch_leads_to_no_other_site(browser, elsewhere):
    assert browser.post(SWITCH, {"language": "de", "next": elsewhere}).url == "/account/"


def test_another_site_cannot_switch(ash):
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    assert strict.post(SWITCH, {"language": "de"}).status_code == 403


def test_who_is_signed_in_gets_mail_in_it(signed_in):
    signed_in.post(SWITCH, {"language": "de", "next": PAGE})
    assert Account.objects.get().language == "de"


@pytest.mark.usefixtures("alice")
def test_what_was_chosen_before_signing_in_goes_with_the_account(browser):
    browser.post(SWITCH, {"language": "de"})
    browser.post(PAGE, ALICE)
    assert Account.objects.get().language == "de"


@pytest.mark.usefixtures("alice")
def test_an_account_brings_its_language_into_a_new_browser(browser):
    Account.objects.update(language="de")
    browser.post(PAGE, ALICE)
    assert browser.get("/account/")["Content-Language"] == "de"


def test_a_letter_is_written_in_the_accounts_language(alice):
    alice.language = "de"
    email_codes.mail(alice, EmailToken.Purpose.RESET_PASSWORD)
    assert "Passwort" in OutgoingMail.objects.get().text
