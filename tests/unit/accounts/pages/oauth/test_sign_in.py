"""Who it is: name, password and code, several accounts at a browser, and whom the app expects."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.authentication import email_codes
from accounts.authentication.factors import changes, passkeys
from accounts.authentication.factors.holders import of_account
from accounts.models import Account, OAuthDeviceAccount, OAuthRequest, SignIn
from accounts.pages.oauth.browsers import NAME_COOKIE
from tests.authenticator import Authenticator
from tests.factories import account_row
from tests.unit.accounts.pages.oauth.pages import at, sign_in, text, told


def way_and_app() -> tuple[str, str]:
    """What the history says of the one sign-in."""
    return SignIn.objects.values_list("way", "client_host").get()


def test_the_app_is_named_by_its_host(browser, asked):
    page = text(browser.get(at(asked())))
    assert "app.example.com" in page
    assert 'name="password"' in page


def test_signing_in_leads_to_consent(browser, alice, asked):
    query = asked()
    response = sign_in(browser, query)
    assert response.url == at(query)
    assert "Allow app.example.com to use your account?" in text(browser.get(response.url))
    assert way_and_app() == ("password", "app.example.com")


def test_a_wrong_password_is_refused_in_place(browser, alice, asked):
    response = sign_in(browser, asked(), password="wrong")
    assert response.status_code == 422
    assert "The name or the password is wrong." in text(response)


def test_a_form_with_a_password_ends_here_and_nowhere_else(browser, asked):
    policy = browser.get(at(asked()))["Content-Security-Policy"]
    assert "form-action 'self';" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(("ticked", "is_kept"), [({"is_remembered": "on"}, True), ({}, False)])
def test_the_device_remembers_who_wants_it(browser, alice, asked, ticked, is_kept):
    sign_in(browser, asked(), **ticked)
    assert OAuthDeviceAccount.objects.get().is_remembered is is_kept


def test_a_remembered_account_is_offered_and_needs_no_password(browser, alice, asked):
    sign_in(browser, asked(), is_remembered="on")
    query = asked()
    assert "Continue as @alice.test" in text(browser.get(at(query)))
    response = browser.post(at(query, "/account"), {"account": alice.did})
    assert "Signed in as" in text(browser.get(response.url))


def test_who_was_not_to_be_remembered_is_asked_again_later(browser, alice, asked):
    sign_in(browser, asked())
    OAuthDeviceAccount.objects.update(signed_in_at=timezone.now() - timedelta(minutes=16))
    assert 'name="password"' in text(browser.get(at(asked())))


def test_the_language_of_browser_and_account_become_one(browser, alice, asked):
    browser.post("/account/language", {"language": "de"})
    sign_in(browser, asked())
    assert Account.objects.get().language == "de"
    other = Client(headers={"host": "localhost"})
    assert sign_in(other, asked()).cookies["grove-language"].value == "de"


def test_an_account_can_be_forgotten_by_the_device(browser, alice, asked):
    sign_in(browser, asked(), is_remembered="on")
    query = asked()
    response = browser.post(at(query, "/account"), {"forget": alice.did})
    assert not OAuthDeviceAccount.objects.exists()
    assert 'name="password"' in text(browser.get(response.url))


def test_another_account_can_sign_in_instead(browser, alice, asked):
    query = asked()
    sign_in(browser, query)
    response = browser.post(at(query, "/account"))
    assert response.url == at(query, "/sign-in")
    assert OAuthRequest.objects.get().account is None


def test_only_who_is_signed_in_can_be_chosen(browser, ash, alice, asked):
    query = asked()
    response = browser.post(at(query, "/account"), {"account": alice.did})
    assert response.url == at(query, "/sign-in")
    assert OAuthRequest.objects.get().account is None


@pytest.mark.parametrize("hint", ["alice.test", "did"])
def test_the_expected_account_is_written_already(browser, alice, asked, hint):
    page = text(browser.get(at(asked(login_hint=alice.did if hint == "did" else hint))))
    assert 'value="alice.test"' in page
    assert "readonly" in page
    assert "Create an account" not in page


def test_nobody_but_the_expected_account_can_sign_in(browser, ash, alice, asked):
    account_row(ash, "bob")
    response = sign_in(browser, asked(login_hint="alice.test"), identifier="bob")
    assert response.status_code == 422
    assert "The app expects another account" in text(response)


@pytest.fixture
def challenged(browser, ash, asked):
    """A request where the password was right and a code is on its way; and the form for it."""
    account_row(ash, has_email_auth_factor=True, email_confirmed_at=timezone.now())
    query = asked()
    page = sign_in(browser, query, is_remembered="on")
    assert "One more step" in text(page)
    challenge = page.context["form"]["challenge"].value()
    return query, {"challenge": challenge, "is_remembered": "on"}


def test_a_mailed_code_leads_on(browser, challenged):
    query, form = challenged
    code = email_codes.issue(Account.objects.get(), email_codes.Purpose.AUTH_FACTOR)
    response = browser.post(at(query, "/sign-in/code"), {**form, "code": code})
    assert response.url == at(query)
    assert OAuthDeviceAccount.objects.get().is_remembered
    assert way_and_app() == ("two_steps", "app.example.com")


def test_a_passkey_after_the_password_leads_on(browser, alice, asked):
    holder, key, query = of_account(alice), Authenticator(), asked()
    changes.add_passkey(holder, key.make(passkeys.options_to_add(holder)), "key")
    form = sign_in(browser, query, is_remembered="on").context["form"]
    sent = {"challenge": form["challenge"].value(), "passkey": key.show(form.options)}
    assert browser.post(at(query, "/sign-in/code"), sent).url == at(query)


def test_a_passkey_alone_leads_on(browser, alice, asked):
    holder, key, query = of_account(alice), Authenticator(), asked()
    changes.add_passkey(holder, key.make(passkeys.options_to_add(holder)), "key")
    sent = {"passkey": key.show(browser.get("/account/passkey-options").content)}
    assert browser.post(at(query, "/sign-in/passkey"), sent).url == at(query)
    assert OAuthDeviceAccount.objects.get().account == alice
    assert way_and_app() == ("passkey", "app.example.com")


def test_a_wrong_code_is_refused_in_place(browser, challenged):
    query, form = challenged
    response = browser.post(at(query, "/sign-in/code"), {**form, "code": "AAAAA-AAAAA"})
    assert response.status_code == 422
    assert "This code is wrong or has expired." in text(response)


def test_a_reloaded_code_page_begins_again(browser, asked):
    query = asked()
    assert browser.get(at(query, "/sign-in/code")).url == at(query, "/sign-in")


def test_who_was_taken_down_cannot_sign_in(browser, ash, asked):
    account_row(ash, taken_down_at=timezone.now())
    assert "This account was taken down by its host." in text(sign_in(browser, asked()))


def test_going_back_without_signing_in_tells_the_app(browser, ash, asked):
    query = asked()
    browser.get(at(query))
    answer = told(browser.get(at(query, "/refuse")))
    assert (answer["error"], answer["state"]) == ("access_denied", "s1")
    assert answer["iss"] == ash.origin


def test_no_other_site_can_send_somebody_back(browser, asked):
    query = asked()
    browser.get(at(query))
    response = browser.get(at(query, "/refuse"), headers={"sec-fetch-site": "cross-site"})
    assert response.url == at(query)
    assert OAuthRequest.objects.exists()


def test_the_device_cookie_is_for_this_host_and_no_script(browser, asked):
    cookie = browser.get(at(asked())).cookies[NAME_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]
