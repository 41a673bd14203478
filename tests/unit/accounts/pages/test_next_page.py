"""Where a sign-in leads: to the page that was asked for, and to nothing that a stranger chose."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Account, EmailToken
from hosting.pages import next_page
from tests.authenticator import Authenticator
from tests.factories import PASSWORD, account_row
from tests.unit.accounts.pages.signed_in_browser import code_of, text

PAGE = "/account/security/history?x=1"
SIGN_IN = "/account/sign-in?next=%2Faccount%2Fsecurity%2Fhistory%3Fx%3D1"
ADDING = "/account/security/second-factors/passkeys/add"
GIVEN = {"identifier": "alice", "password": PASSWORD}


def action_of(response) -> str:
    return unescape(re.search(r'<form method="post" action="([^"]+)"', text(response)).group(1))


def wanted(page: str) -> str:
    return next_page.wanted(RequestFactory().get("/", {"next": page}))


def test_a_link_leads_through_the_sign_in_to_its_page(browser, alice):
    assert browser.get(PAGE).url == SIGN_IN
    assert browser.post(action_of(browser.get(SIGN_IN)), GIVEN).url == PAGE


def test_a_mistake_on_the_way_loses_nothing(browser, alice):
    wrong = browser.post(SIGN_IN, {**GIVEN, "identifier": ""})
    assert browser.post(action_of(wrong), GIVEN).url == PAGE


def test_the_second_step_leads_there_too(browser, alice):
    now = timezone.now()
    Account.objects.update(has_email_auth_factor=True, email_confirmed_at=now)
    page = browser.post(SIGN_IN, GIVEN)
    code = code_of(alice, EmailToken.Purpose.AUTH_FACTOR)
    challenge = re.search(r'name="challenge" value="([^"]+)"', text(page)).group(1)
    assert browser.post(action_of(page), {"challenge": challenge, "code": code}).url == PAGE


def test_a_passkey_leads_there_too(signed_in, ash):
    key = Authenticator()
    asked = re.search('data-options="([^"]+)"', signed_in.get(ADDING).content.decode()).group(1)
    made = key.make(unescape(asked))
    signed_in.post(ADDING, {"name": "my key", "passkey": made})
    other = Client(headers={"host": "localhost"})
    form = re.search('data-action="([^"]+)"', other.get(SIGN_IN).content.decode()).group(1)
    shown = key.show(other.get("/account/passkey-options").content.decode())
    assert other.post(unescape(form), {"passkey": shown}).url == PAGE


def test_signing_up_with_a_captcha_on_the_way_leads_there_too(browser, ash):
    page = text(browser.get(SIGN_IN))
    sign_up = re.search(r'href="(/account/sign-up[^"]*)"', page).group(1)
    assert parse_qs(urlsplit(action_of(browser.get(sign_up))).query) == {"next": [PAGE]}


def test_a_page_of_somebody_else_is_not_followed(browser, alice, ash):
    account_row(ash, "bob")
    asked = browser.get("/account/u/bob.test/security").url
    assert browser.post(asked, GIVEN).url == "/account/"


def test_what_was_sent_too_late_leads_back_to_the_form(browser, ash):
    form = "http://localhost/account/security/password"
    late = browser.post("/account/security/password", {}, headers={"referer": form})
    assert late.url == "/account/sign-in?next=%2Faccount%2Fsecurity%2Fpassword"


@pytest.mark.parametrize("page", ["/account/apps", "/account/u/alice.test/data?a=b", "/account/"])
def test_pages_of_an_account_are_followed(ash, page):
    assert wanted(page) == page


@pytest.mark.parametrize(
    "page",
    [
        "",
        "https://evil.example/account/apps",
        "//evil.example/account/apps",
        "/account//evil.example",
        "/%2Fevil.example/account/apps",
        "/\\evil.example",
        "\\\\evil.example/account/apps",
        "/account/apps\r\nSet-Cookie: a=b",
        "/account/apps?a=%0d%0aSet-Cookie:b",
        "/account/apps?a=\\evil",
        "\t/account/apps",
        " /account/apps",
        "javascript:alert(1)",
        "account/apps",
        "/account/app\u017f",
        "/account/nowhere",
        "/account/sign-in",
        "/account/sign-out",
        "/account/activate",
        "/account/data/archive",
        "/console/",
        "/xrpc/com.atproto.server.getSession",
        "/account/apps?" + "a" * 2_048,
    ],
)
def test_nothing_else_is_followed(browser, alice, page):
    assert wanted(page) == ""
    given = browser.post("/account/sign-in", GIVEN, query_params={"next": page})
    assert given.url == "/account/"
