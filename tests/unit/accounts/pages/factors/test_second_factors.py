"""Second factors on pages: set up, used to sign in, named, removed."""

import html
import re
import time

import pyotp
import pytest
from django.test import Client

from accounts.authentication import credentials
from accounts.models import Account, Passkey, RecoveryCode, SignIn, Totp, TrustedBrowser, WebSession
from accounts.pages.factors.second_step import TRUST_COOKIE
from hosting.mail.models import OutgoingMail
from hosting.models import Tenant
from hosting.tenancy import routing
from tests.authenticator import Authenticator
from tests.factories import PASSWORD, account_row

AT = "/account/security/second-factors"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


def text(response) -> str:
    return response.content.decode()


def field(response, name: str) -> str:
    """The value of a hidden field."""
    return html.unescape(re.search(f'name="{name}" value="([^"]+)"', text(response)).group(1))


def options(response) -> str:
    """What the page has the browser asked for."""
    return html.unescape(re.search('data-options="([^"]+)"', text(response)).group(1))


def codes_in(response) -> list[str]:
    return re.findall("<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", text(response))


def set_up_app(browser) -> tuple[pyotp.TOTP, list[str]]:
    page = browser.get(f"{AT}/app")
    key = re.search('class="copyable">([A-Z2-7 ]+)<', text(page)).group(1)
    app = pyotp.TOTP(key.replace(" ", ""))
    sent = {"started": field(page, "started"), "code": app.now()}
    return app, codes_in(browser.post(f"{AT}/app", sent))


def next_code(app: pyotp.TOTP) -> str:
    """Of the step after the one that was used to set it up."""
    return app.at(int(time.time()) + 30)


def add_passkey(browser) -> Authenticator:
    key = Authenticator()
    made = key.make(options(browser.get(f"{AT}/passkeys/add")))
    browser.post(f"{AT}/passkeys/add", {"name": "my key", "passkey": made})
    return key


def first_step(browser):
    return browser.post("/account/sign-in", {"identifier": "alice", "password": PASSWORD})


def second_step(browser, page, **sent):
    return browser.post("/account/sign-in/code", {"challenge": field(page, "challenge"), **sent})


@pytest.fixture
def other(ash):
    """A second browser."""
    return Client(headers={"host": "localhost"})


# --- set up


def test_an_app_is_set_up_and_recovery_codes_are_shown_once(signed_in):
    _app, codes = set_up_app(signed_in)
    assert len(codes) == 10
    assert Totp.objects.get().account.handle == "alice.test"
    assert not any(code in text(signed_in.get(AT)) for code in codes)


def test_the_codes_can_be_kept_without_a_script(signed_in):
    page = signed_in.get(f"{AT}/app")
    key = re.search('class="copyable">([A-Z2-7 ]+)<', text(page)).group(1).replace(" ", "")
    sent = {"started": field(page, "started"), "code": pyotp.TOTP(key).now()}
    shown = text(signed_in.post(f"{AT}/app", sent))
    file = re.search('href="(data:text/plain[^"]+)" download="recovery-codes.txt"', shown).group(1)
    assert all(code in file for code in re.findall("<code>([^<]+)</code>", shown))


def test_a_wrong_first_code_stands_beside_its_field(signed_in):
    sent = {"started": field(signed_in.get(f"{AT}/app"), "started"), "code": "000000"}
    response = signed_in.post(f"{AT}/app", sent)
    assert response.status_code == 422
    assert "This code is wrong" in text(response)
    assert field(response, "started") == sent["started"]  # the same key once more


def test_a_passkey_is_added_named_and_removed(signed_in):
    add_passkey(signed_in)
    row = Passkey.objects.get()
    assert "my key" in text(signed_in.get(AT))
    signed_in.post(f"{AT}/passkeys/{row.pk}", {"name": "blue one"})
    assert Passkey.objects.get().name == "blue one"
    signed_in.post(f"{AT}/passkeys/{row.pk}", {"remove": "1"})
    assert not Passkey.objects.exists()
    assert not RecoveryCode.objects.exists()


def test_somebody_elses_passkey_is_not_found(signed_in, other, ash):
    account_row(ash, "bob")
    other.post("/account/sign-in", {"identifier": "bob", "password": PASSWORD})
    add_passkey(signed_in)
    address = f"{AT}/passkeys/{Passkey.objects.get().pk}"
    assert other.get(address).status_code == 404
    assert other.post(address, {"remove": "1"}).status_code == 404


def test_changes_ask_for_a_fresh_proof(signed_in):
    WebSession.objects.update(proved_at=None)
    for page in ("app", "app/remove", "passkeys/add", "passkeys/1", "recovery-codes", "mail"):
        assert "/account/prove?" in signed_in.get(f"{AT}/{page}")["Location"]


def test_a_passkey_is_a_fresh_proof(signed_in):
    key = add_passkey(signed_in)
    WebSession.objects.update(proved_at=None)
    proof = key.show(options(signed_in.get("/account/prove")))
    response = signed_in.post("/account/prove?next=/account/apps", {"proof": proof})
    assert response["Location"] == "/account/apps"
    assert WebSession.objects.get().proved_at is not None


def test_the_password_alone_proves_nothing_where_there_is_more(signed_in):
    app, _codes = set_up_app(signed_in)
    WebSession.objects.update(proved_at=None)
    alone = signed_in.post("/account/prove", {"password": PASSWORD})
    wrong = signed_in.post("/account/prove", {"password": PASSWORD, "factor": "000000"})
    assert (alone.status_code, wrong.status_code) == (422, 422)
    assert WebSession.objects.get().proved_at is None
    sent = {"password": PASSWORD, "factor": next_code(app)}
    assert signed_in.post("/account/prove", sent)["Location"] == "/account/"
    assert WebSession.objects.get().proved_at is not None


@pytest.mark.parametrize("page", ["codes", "prove"])
def test_pages_that_take_a_password_ask_for_the_code_too(signed_in, page):
    assert 'name="factor"' not in text(signed_in.get(f"/account/{page}"))
    set_up_app(signed_in)
    assert 'name="factor"' in text(signed_in.get(f"/account/{page}"))


def test_what_was_added_can_be_taken_back_by_mail(signed_in, other):
    add_passkey(signed_in)
    mail = OutgoingMail.objects.get(kind="change_factor_passkey_added").text
    link = re.search(r"/account/undo/\S+", mail).group()
    other.post(link)
    assert not Passkey.objects.exists()


def test_codes_by_mail_are_switched_on_for_a_confirmed_address(signed_in):
    assert signed_in.post(f"{AT}/mail").status_code == 422
    Account.objects.update(email_confirmed_at="2026-01-01T00:00Z")
    signed_in.post(f"{AT}/mail")
    assert Account.objects.get().needs_email_code


# --- sign in


def test_the_app_is_asked_for_after_the_password(signed_in, other):
    app, _codes = set_up_app(signed_in)
    page = first_step(other)
    assert "authenticator app" in text(page)
    response = second_step(other, page, code=next_code(app))
    assert response["Location"] == "/account/"


def test_a_recovery_code_signs_in_once(signed_in, other):
    _app, codes = set_up_app(signed_in)
    page = first_step(other)
    assert second_step(other, page, code=codes[0]).status_code == 302
    again = second_step(other, page, code=codes[0])
    assert again.status_code == 422
    assert "authenticator app" in text(again)


def test_nothing_is_not_a_code(signed_in, other):
    set_up_app(signed_in)
    response = second_step(other, first_step(other))
    assert "Enter the code." in text(response)


def test_a_passkey_is_taken_after_the_password(signed_in, other):
    key = add_passkey(signed_in)
    page = first_step(other)
    response = second_step(other, page, passkey=key.show(options(page)))
    assert response["Location"] == "/account/"


def test_a_refused_passkey_is_asked_for_anew(signed_in, other):
    key = add_passkey(signed_in)
    page = first_step(other)
    key.origin = "https://evil.example"
    response = second_step(other, page, passkey=key.show(options(page)))
    assert response.status_code == 422
    assert "was not accepted" in text(response)
    assert options(response) != options(page)


def test_a_passkey_alone_signs_in(signed_in, other):
    key = add_passkey(signed_in)
    asked = other.get("/account/passkey-options").content.decode()
    response = other.post("/account/sign-in/passkey", {"passkey": key.show(asked)})
    assert response["Location"] == "/account/"
    assert SignIn.objects.latest("at").way == "passkey"


def test_a_strangers_passkey_does_not(signed_in, other):
    add_passkey(signed_in)
    asked = other.get("/account/passkey-options").content.decode()
    response = other.post("/account/sign-in/passkey", {"passkey": Authenticator().show(asked)})
    assert response.status_code == 422
    assert "was not accepted" in text(response)


def test_the_name_s_field_offers_passkeys(browser):
    assert 'autocomplete="username webauthn"' in text(browser.get("/account/sign-in"))


def test_a_tenant_may_want_one_of_everybody(signed_in, other, ash):
    Tenant.objects.update(wants_second_factors=True)
    routing.forget()
    assert first_step(other)["Location"] == AT
    assert "wants everybody to have a second factor" in text(other.get(AT))
    add_passkey(other)
    assert "wants everybody" not in text(other.get(AT))


# --- trusted browsers


def test_a_trusted_browser_is_asked_for_the_password_alone(signed_in, other):
    app, _codes = set_up_app(signed_in)
    page = first_step(other)
    second_step(other, page, code=next_code(app), is_browser_trusted="on")
    assert first_step(other).status_code == 302
    assert "In 1 browser" in text(other.get(AT))


def test_a_trusted_browser_is_asked_for_all_of_it_before_a_change(signed_in, other):
    app, _codes = set_up_app(signed_in)
    second_step(other, first_step(other), code=next_code(app), is_browser_trusted="on")
    assert other.get(f"{AT}/app/remove").status_code == 200
    first_step(other)
    assert other.get(f"{AT}/app/remove")["location"].startswith("/account/prove")


def test_trust_can_be_ended(signed_in, other):
    app, _codes = set_up_app(signed_in)
    page = first_step(other)
    second_step(other, page, code=next_code(app), is_browser_trusted="on")
    signed_in.post(f"{AT}/browsers")
    assert not TrustedBrowser.objects.exists()
    assert first_step(other).status_code == 200


def test_no_trust_is_given_without_being_asked_for(signed_in, other):
    app, _codes = set_up_app(signed_in)
    second_step(other, first_step(other), code=next_code(app))
    assert TRUST_COOKIE not in other.cookies
