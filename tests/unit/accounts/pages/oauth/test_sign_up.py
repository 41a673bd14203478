"""Signing up, and a forgotten password, on the way to an app."""

import re

import pytest

from accounts.models import Account, HeldSignUp, OAuthRequest
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from tests.unit.accounts.pages.oauth.pages import allow, at, sign_in, text, told
from tests.unit.accounts.pages.sign_up_form import FORM


def admit(host: Host, admission: Host.Admission) -> None:
    Host.objects.filter(pk=host.pk).update(admission=admission)


def test_an_app_can_ask_for_a_new_account(browser, asked, opens_at_once):
    query = asked(prompt="create")
    page = text(browser.get(at(query)))
    assert "Create your account" in page
    assert "app.example.com" in page
    response = browser.post(at(query, "/sign-up"), FORM)
    assert response.url == at(query)
    assert "Allow app.example.com" in text(browser.get(response.url))
    assert "code" in told(allow(browser, query, Account.objects.get()))


def test_who_has_an_account_can_sign_in_instead(browser, alice, asked):
    query = asked(prompt="create")
    assert at(query, "/sign-in").replace("&", "&amp;") in text(browser.get(at(query)))
    assert sign_in(browser, query).url == at(query)


def test_a_refused_sign_up_is_shown_in_place(browser, asked):
    response = browser.post(at(asked(prompt="create"), "/sign-up"), {**FORM, "handle": "al"})
    assert response.status_code == 422
    assert "Use at least 3 characters." in text(response)


def test_the_hosts_admission_holds_on_the_way_to_an_app(browser, ash, asked):
    admit(ash, Host.Admission.INVITE)
    assert 'name="invite_code"' in text(browser.get(at(asked(prompt="create"))))


def test_a_captchas_service_may_be_asked_from_the_page(browser, ash, asked):
    Host.objects.filter(pk=ash.pk).update(
        admission=Host.Admission.CAPTCHA, captcha_verify_url="https://api.hcaptcha.com/siteverify"
    )
    policy = browser.get(at(asked(prompt="create")))["Content-Security-Policy"]
    assert "https://hcaptcha.com" in policy


@pytest.mark.parametrize("admission", [Host.Admission.CLOSED, Host.Admission.MIGRATION_ONLY])
def test_a_closed_host_says_so_and_leads_back(browser, ash, asked, admission):
    admit(ash, admission)
    response = browser.get(at(asked(prompt="create")))
    assert response.status_code == 403
    assert ">Go back to app.example.com" in text(response)


def test_a_held_sign_up_is_told_so_and_leads_back(browser, ash, asked):
    admit(ash, Host.Admission.APPROVAL)
    query = asked(prompt="create")
    page = text(browser.post(at(query, "/sign-up"), FORM))
    assert "look at your sign-up" in page
    assert ">Go back to app.example.com" in page
    assert HeldSignUp.objects.count() == 1
    assert told(browser.get(at(query, "/refuse")))["error"] == "access_denied"


def test_a_new_password_leads_back_to_the_app(browser, alice, asked):
    query = asked()
    response = browser.post(at(query, "/reset-password"), {"identifier": "alice"})
    assert response.url == at(query, "/reset-password/code")
    code = re.search(r"[A-Z2-7]{5}-[A-Z2-7]{5}", OutgoingMail.objects.get().text).group()
    given = {"code": code, "password": "another horse battery"}
    response = browser.post(response.url, given)
    assert response.url == at(query, "/reset-password/done")
    assert at(query, "/sign-in").replace("&", "&amp;") in text(browser.get(response.url))
    assert sign_in(browser, query, password=given["password"]).url == at(query)


def test_a_wrong_reset_code_keeps_the_request(browser, asked):
    query = asked()
    response = browser.post(at(query, "/reset-password/code"), {"code": "x", "password": "y"})
    assert response.status_code == 422
    assert OAuthRequest.objects.exists()
