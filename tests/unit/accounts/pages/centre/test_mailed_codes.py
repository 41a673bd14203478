"""The address is confirmed on a page; codes for those who know the password."""

import re

import pytest

from accounts.authentication import email_address, email_codes
from accounts.authentication.email_codes import Purpose
from accounts.models import Account
from hosting.mail.models import OutgoingMail
from tests.unit.accounts.pages.sign_up_form import FORM

CONFIRM, CODES = "/account/confirm-email", "/account/codes"


@pytest.fixture(autouse=True)
def _captured(settings):
    settings.SMTP_URL = ""


def alice() -> Account:
    return Account.objects.select_related("host").get(email="alice@example.com")


def test_the_account_page_asks_for_the_confirmation_until_it_is_done(signed_in):
    assert CONFIRM in signed_in.get("/account/").content.decode()
    code = email_codes.issue(alice(), Purpose.CONFIRM_EMAIL)
    assert signed_in.post(CONFIRM, {"code": code}).url == "/account/"
    assert alice().email_confirmed_at is not None
    assert CONFIRM not in signed_in.get("/account/").content.decode()
    assert signed_in.get(CONFIRM).url == "/account/"


def test_a_wrong_code_stands_beside_its_field_with_the_focus(signed_in):
    page = signed_in.post(CONFIRM, {"code": "AAAAA-BBBBB"})
    text = page.content.decode()
    assert page.status_code == 422
    assert "<title>Error: " in text
    assert re.search(r'<input[^>]*name="code"[^>]*autofocus', text)


def test_another_email_is_a_button_and_has_an_end(signed_in, settings):
    settings.RATE_LIMITS = True
    statuses = [signed_in.post(CONFIRM + "/send").status_code for _ in range(10)]
    assert statuses == [302] * 9 + [429]
    refused = signed_in.post(CONFIRM + "/send")
    assert int(refused["Retry-After"]) > 0
    assert "Too many attempts. Try again in" in refused.content.decode()


def test_the_password_opens_what_a_new_address_does_not(signed_in):
    email_address.change(alice(), email_address.Change("new@example.com"))
    wanted = {"purpose": Purpose.PLC_OPERATION.value}
    wrong = signed_in.post(CODES, {**wanted, "password": "wrong"})
    assert (wrong.status_code, "The password is wrong." in wrong.content.decode()) == (422, True)
    right = signed_in.post(CODES, {**wanted, "password": FORM["password"]})
    code = re.search(r"Your code is ([A-Z2-7]{5}-[A-Z2-7]{5})", right.content.decode())
    owner = Account.objects.select_related("host").get(email="new@example.com")
    email_codes.check(owner, Purpose.PLC_OPERATION, code[1])
    assert not OutgoingMail.objects.filter(kind="plc_operation").exists()


@pytest.mark.parametrize("purpose", [Purpose.PLC_OPERATION, Purpose.DELETE_ACCOUNT])
def test_an_address_of_old_gets_the_code_by_mail(signed_in, purpose):
    wanted = {"purpose": purpose.value, "password": FORM["password"]}
    page = signed_in.post(CODES, wanted).content.decode()
    email = OutgoingMail.objects.get(kind=purpose.value)
    assert email.recipient == "alice@example.com"
    assert "Your code is" not in page


def test_nobody_without_a_session_sees_these_pages(browser):
    for path in (CONFIRM, CODES):
        assert browser.get(path).url.partition("?")[0] == "/account/sign-in"
    assert browser.post(CONFIRM + "/send").url.partition("?")[0] == "/account/sign-in"


@pytest.mark.parametrize("purpose", [Purpose.PLC_OPERATION, Purpose.DELETE_ACCOUNT])
def test_the_letters_of_the_page_speak_its_language(signed_in, purpose):
    wanted = {"purpose": purpose.value, "password": FORM["password"]}
    signed_in.post(CODES, wanted, headers={"accept-language": "de"})
    assert 'lang="de"' in OutgoingMail.objects.get(kind=purpose.value).html
