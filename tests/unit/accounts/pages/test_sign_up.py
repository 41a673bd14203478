"""The sign-up page under every admission policy."""

import re

import pytest

from accounts.models import Account, HeldSignUp
from accounts.pages.entry import sign_up
from accounts.signup import captcha
from hosting import limits
from hosting.mail.models import OutgoingMail
from hosting.pages.security_headers import PAGE_POLICY
from tests.unit.accounts.pages.sign_up_form import FORM

SIGN_UP = "/account/sign-up"


def at(host, policy, **changes):
    host.admission = policy
    for name, value in changes.items():
        setattr(host, name, value)
    host.save()


@pytest.mark.parametrize("policy", ["closed", "migration_only"])
def test_where_nobody_can_sign_up_there_is_no_form(browser, ash, policy):
    at(ash, policy)
    for response in (browser.get(SIGN_UP), browser.post(SIGN_UP, FORM)):
        assert response.status_code == 403
        assert b'name="handle"' not in response.content
    assert not Account.objects.exists()


def test_who_must_wait_is_told_so(browser, ash):
    at(ash, "approval")
    response = browser.post(SIGN_UP, FORM, REMOTE_ADDR="203.0.113.9")
    assert response.status_code == 202
    assert "The staff of Ash look at your sign-up as @alice.test first" in response.content.decode()
    assert HeldSignUp.objects.get().address == "203.0.113.9"
    assert not Account.objects.exists()


def test_without_a_solved_puzzle_nobody_comes_in(browser, ash):
    at(ash, "captcha")
    response = browser.post(SIGN_UP, FORM)
    assert response.status_code == 422
    assert "The captcha was not solved" in response.content.decode()


def test_a_solved_puzzle_lets_in(browser, ash, opens_at_once, monkeypatch):
    monkeypatch.setattr(captcha, "ZERO_BITS", 0)
    at(ash, "captcha")
    puzzle = re.search(r'data-puzzle="([^"]+)"', browser.get(SIGN_UP).content.decode())[1]
    response = browser.post(SIGN_UP, {**FORM, "verification_code": f"{puzzle}:7"})
    assert response.status_code == 302
    assert Account.objects.get().handle == "alice.test"


def test_our_puzzle_needs_no_wider_policy(browser, ash):
    at(ash, "captcha")
    response = browser.get(SIGN_UP)
    assert response["Content-Security-Policy"] == PAGE_POLICY
    assert b"puzzle.js" in response.content


def test_an_outside_widget_may_load_from_its_service_alone(browser, ash):
    url = "https://challenges.cloudflare.com/turnstile/v0/siteverify"
    at(ash, "captcha", captcha_verify_url=url, captcha_site_key="0x4AAA")
    response = browser.get(SIGN_UP)
    page, policy = response.content.decode(), response["Content-Security-Policy"]
    assert 'class="field cf-turnstile" data-sitekey="0x4AAA"' in page
    assert "puzzle.js" not in page
    assert "script-src 'self' https://challenges.cloudflare.com;" in policy
    assert policy.count("https://") == 4


def test_an_open_host_asks_no_puzzle(browser):
    assert b"puzzle" not in browser.get(SIGN_UP).content


def test_somebody_elses_handle_is_answered_with_free_ones(browser, ash):
    HeldSignUp.objects.create(host=ash, handle="alice.test", reason="policy")
    answer = browser.get("/account/handle-available", {"handle": "alice.test"}).json()
    assert (answer["available"], len(answer["suggestions"])) == (False, 4)


def test_a_half_typed_one_is_not(browser):
    answer = browser.get("/account/handle-available", {"handle": "al.test"}).json()
    assert (answer["available"], answer["suggestions"]) == (False, [])


def test_looking_for_free_handles_has_an_end(browser, monkeypatch):
    few = limits.Bucket("handle-look-ups", (limits.Budget(1, limits.DAY_S),))
    monkeypatch.setattr(sign_up, "LOOK_UPS", few)
    answers = [browser.get("/account/handle-available?handle=zoe.test").json() for _ in range(2)]
    assert [answer["available"] for answer in answers] == [True, False]
    assert "Too many attempts" in answers[1]["message"]


@pytest.mark.usefixtures("opens_at_once")
def test_the_email_to_a_newcomer_speaks_the_pages_language(browser, settings):
    settings.SIGN_UP_MAIL, settings.SMTP_URL = True, ""
    browser.post(SIGN_UP, FORM, headers={"accept-language": "de"})
    email = OutgoingMail.objects.get(kind="confirm_email")
    assert 'lang="de"' in email.html


def test_a_held_sign_up_remembers_the_pages_language(browser, ash):
    at(ash, "approval")
    browser.post(SIGN_UP, FORM, headers={"accept-language": "de"})
    assert HeldSignUp.objects.get().language == "de"
