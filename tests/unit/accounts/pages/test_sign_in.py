"""Sign-up, sign-in, home and sign-out as a browser without scripts meets them."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.authentication import credentials, passwords
from accounts.models import Account, WebSession
from accounts.pages.cookies import COOKIE
from accounts.signup import await_directory
from accounts.signup import sign_up as signup
from hosting import limits
from hosting.limits import Bucket, Budget
from hosting.models import HandleDomain
from server.web.threads.cpu_pool import CpuPool
from server.web.wsgi_environ import IS_BUSY
from tests.factories import account_row
from tests.unit.accounts.pages.sign_up_form import FORM


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


def sign_up(browser, **changes):
    return browser.post("/account/sign-up", {**FORM, **changes})


def sign_in(browser, identifier="alice", password=FORM["password"]):
    return browser.post("/account/sign-in", {"identifier": identifier, "password": password})


def text(response) -> str:
    return response.content.decode()


def described_by(response, name: str) -> str:
    """The text of whatever `aria-describedby` of a field points at."""
    page = text(response)
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page).group()
    ids = re.search(r'aria-describedby="([^"]*)"', field).group(1).split()
    return " ".join(re.search(rf'id="{one}"[^>]*>([^<]*)', page).group(1) for one in ids)


# --- signing up


def test_the_sign_up_page_shows_the_tenant_and_its_domain(browser):
    page = text(browser.get("/account/sign-up"))
    assert "Ash" in page
    assert '<span class="suffix">.test</span>' in page


def test_several_domains_are_a_choice(browser, ash):
    HandleDomain.objects.create(host=ash, name=".club.test", position=1)
    page = text(browser.get("/account/sign-up"))
    assert '<option value=".club.test">' in page


def test_signing_up_ends_signed_in_on_the_accounts_page(browser, opens_at_once):
    response = sign_up(browser)
    assert (response.status_code, response.url) == (302, "/account/")
    assert "@alice.test" in text(browser.get("/account/"))


@pytest.mark.parametrize("typed", ["alice", "@alice", " Alice.TEST ", "alice.test"])
def test_the_handle_may_be_typed_in_many_ways(browser, opens_at_once, typed):
    sign_up(browser, handle=typed)
    assert Account.objects.get().handle == "alice.test"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"handle": "al"}, "handle", "Use at least 3 characters."),
        ({"handle": "admin"}, "handle", "This handle is reserved."),
        ({"handle": "al_ice"}, "handle", "Use letters, digits and dashes"),
        ({"email": "nonsense"}, "email", "This is not an e-mail address."),
        ({"email": ""}, "email", "This field is required."),
        ({"password": "short"}, "password", "at least 8 characters"),
        ({"password": "password123"}, "password", "too common"),
        ({"recovery_key": "did:key:nonsense"}, "recovery_key", "Enter a public key"),
    ],
)
def test_an_error_stands_beside_its_field(browser, changes, field, sentence):
    response = sign_up(browser, **changes)
    assert response.status_code == 422
    assert sentence in described_by(response, field)
    assert not Account.objects.exists()


def test_every_error_is_shown_at_once(browser):
    response = sign_up(browser, handle="al", email="nonsense", password="short")
    assert "Use at least 3" in described_by(response, "handle")
    assert "not an e-mail address" in described_by(response, "email")
    assert "at least 8" in described_by(response, "password")


def test_a_taken_handle_stands_beside_the_handle(browser, alice):
    response = sign_up(browser, email="other@example.com")
    assert "This handle is taken." in described_by(response, "handle")


def test_a_taken_address_stands_beside_the_address(browser, alice):
    response = sign_up(browser, handle="other")
    assert "already uses this address" in described_by(response, "email")


def test_what_was_typed_is_kept_but_the_password(browser):
    page = text(sign_up(browser, handle="al"))
    assert 'value="alice@example.com"' in page
    assert FORM["password"] not in page


def test_another_hosts_domain_cannot_be_chosen(browser, birch):
    response = sign_up(browser, domain=".birch.test")
    assert response.status_code == 422
    assert not Account.objects.exists()


def test_a_host_with_invites_asks_for_the_code(browser, ash):
    ash.admission = "invite"
    ash.save()
    response = sign_up(browser, invite_code="ash-abcde")
    assert "This invite code is not valid." in described_by(response, "invite_code")


def test_a_late_directory_is_explained(browser, monkeypatch):
    def late(*_):
        raise await_directory.DirectoryTimeout("late")

    monkeypatch.setattr(signup, "sign_up", late)
    response = sign_up(browser)
    assert response.status_code == 503
    assert "send the form again in a few minutes" in text(response)


# --- signing in


@pytest.mark.parametrize("identifier", ["alice", "@alice.test", "alice.test", "Alice@example.com"])
def test_handle_and_email_sign_in(browser, alice, identifier):
    assert sign_in(browser, identifier).url == "/account/"
    assert WebSession.objects.get().account == alice


def test_the_did_signs_in(browser, alice):
    assert sign_in(browser, alice.did).status_code == 302


@pytest.mark.parametrize("identifier", ["alice", "nobody"])
def test_a_wrong_password_says_no_more_than_that(browser, alice, identifier):
    response = sign_in(browser, identifier, "wrong")
    assert response.status_code == 422
    assert "The name or the password is wrong." in text(response)


def test_who_was_taken_down_signs_in_to_be_told_so(browser, ash):
    account_row(ash, taken_down_at=timezone.now())
    sign_in(browser)
    assert browser.get("/account/").url == "/account/state"


def test_a_pending_account_cannot_sign_in(browser, ash):
    account_row(ash, opened_at=None)
    assert sign_in(browser).status_code == 422


def test_an_account_is_a_stranger_at_another_host(at_birch, alice):
    assert sign_in(at_birch, alice.email).status_code == 422


# --- the cookie


def test_the_cookie_is_for_no_script_and_no_other_site(browser, alice):
    cookie = sign_in(browser).cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["domain"] == ""


@pytest.mark.parametrize(
    ("origin", "name", "secure"),
    [("http://localhost", COOKIE, ""), ("https://pds.ash", f"__Host-{COOKIE}", True)],
)
def test_the_cookie_is_secure_and_the_hosts_own_where_it_can(browser, ash, origin, name, secure):
    ash.origin = origin
    ash.save()
    account_row(ash)
    assert sign_in(browser).cookies[name]["secure"] == secure
    assert browser.get("/account/").status_code == 200


def test_every_sign_in_has_a_cookie_of_its_own(browser, alice):
    first, second = (sign_in(browser).cookies[COOKIE].value for _ in range(2))
    assert first != second


def test_a_cookie_of_one_host_opens_nothing_at_another(signed_in, at_birch):
    at_birch.cookies[COOKIE] = signed_in.cookies[COOKIE].value
    assert at_birch.get("/account/").url == "/account/sign-in"


# --- home and sign-out


def test_home_shows_who_and_where(signed_in, ash):
    page = text(signed_in.get("/account/"))
    for shown in ["@alice.test", "did:plc:", ash.origin, "Active", "alice@example.com"]:
        assert shown in page


def test_home_is_for_people_who_are_signed_in(browser):
    assert browser.get("/account/").url == "/account/sign-in"


def test_pages_are_not_kept_by_caches(signed_in):
    assert "no-store" in signed_in.get("/account/")["Cache-Control"]


def test_signing_out_ends_the_session(signed_in):
    assert signed_in.post("/account/sign-out").url == "/account/sign-in"
    assert not WebSession.objects.exists()
    assert signed_in.get("/account/").status_code == 302


def test_a_link_signs_nobody_out(signed_in):
    assert signed_in.get("/account/sign-out").status_code == 405
    assert WebSession.objects.exists()


@pytest.mark.parametrize("page", ["sign-up", "sign-in", "sign-out"])
def test_a_form_from_elsewhere_is_refused(ash, page):
    strict = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    assert strict.post(f"/account/{page}", FORM).status_code == 403
    assert not Account.objects.exists()


def test_our_own_form_passes(alice):
    strict = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    page = text(strict.get("/account/sign-in"))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
    form = {"identifier": "alice", "password": FORM["password"], "csrfmiddlewaretoken": token}
    assert strict.post("/account/sign-in", form).status_code == 302


def test_every_field_has_a_label(browser):
    for page in ("sign-up", "sign-in"):
        html = text(browser.get(f"/account/{page}"))
        ids = re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', html)
        assert ids
        assert all(f'for="{one}"' in html for one in ids)


def test_pages_hold_nothing_inline(browser, signed_in):
    for page in ("sign-up", "sign-in", ""):
        html = text(browser.get(f"/account/{page}"))
        assert not re.search(r"<style|<script(?![^>]* src=)| style=| on[a-z]+=", html)


# --- the live answer


def available(browser, handle) -> dict:
    return browser.get("/account/handle-available", {"handle": handle}).json()


def test_a_free_handle_is_called_free(browser):
    assert available(browser, "Alice.test") == {
        "available": True, "message": "@alice.test is free.", "suggestions": [],
    }  # fmt: skip


def test_a_taken_handle_is_called_taken(browser, alice):
    assert available(browser, "alice.test")["available"] is False
    assert "taken" in available(browser, "alice.test")["message"]


def test_a_handle_against_the_rules_says_which(browser):
    assert available(browser, "al.test")["message"] == "Use at least 3 characters."


def test_trying_too_often_is_explained(browser, alice, monkeypatch):
    monkeypatch.setattr(limits, "LOGIN", Bucket("login", (Budget(0, 300),)))
    response = sign_in(browser)
    assert response.status_code == 429
    assert "Too many attempts" in text(response)
    assert 0 < int(response["Retry-After"]) <= 301


def test_signing_up_too_often_is_explained(browser, monkeypatch):
    monkeypatch.setattr(limits, "SIGN_UP", Bucket("sign-up", (Budget(0, 300),)))
    response = sign_up(browser)
    assert response.status_code == 429
    assert "Too many attempts" in text(response)


# --- too many at a time


@pytest.fixture
def crowd(monkeypatch):
    """More passwords wait than can be hashed in time: nobody is there to do it."""
    monkeypatch.setattr(passwords, "HASHES", CpuPool("nobody", threads=0, queues_s=0.0))


def test_in_a_crowd_the_sign_in_page_says_when_to_try_again(browser, ash, crowd):
    page = sign_in(browser)
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert "Too many people are signing in" in text(page)
    assert 'value="alice"' in text(page)


def test_in_a_crowd_a_sign_up_leaves_no_row(browser, crowd):
    page = sign_up(browser)
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert not Account.objects.exists()


def test_a_form_that_queued_too_long_gets_a_page_and_reaches_no_view(browser, opens_at_once):
    page = browser.post("/account/sign-up", FORM, **{IS_BUSY: True})
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert "Please try again in a moment" in text(page)
    assert not Account.objects.exists()
