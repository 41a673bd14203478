"""The pages for a forgotten password and for the second step of signing in, without scripts."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tasks
from accounts.authentication import credentials, email_codes
from accounts.authentication.email_codes import Purpose
from accounts.models import EmailToken, SignIn, WebSession
from hosting import celery, limits
from hosting.limits import Bucket, Budget
from hosting.mail.models import OutgoingMail
from tests.factories import PASSWORD, account_row

PAGE = "/account/reset-password"
NEW = "another good one"


@pytest.fixture(autouse=True)
def _quick(monkeypatch, settings):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    settings.SMTP_URL = ""


def text(response) -> str:
    return response.content.decode()


def code_in_mail() -> str:
    return re.search("[A-Z2-7]{5}-[A-Z2-7]{5}", OutgoingMail.objects.latest("pk").text).group()


def test_sign_in_leads_to_it_and_so_does_the_well_known_path(browser):
    assert f'href="{PAGE}"' in text(browser.get("/account/sign-in"))
    response = browser.get("/.well-known/change-password")
    assert (response.status_code, response["Location"]) == (302, PAGE)


@pytest.mark.parametrize("identifier", ["alice", "@alice.test", "alice@example.com", "Alice.Test"])
def test_a_code_is_mailed_for_a_handle_or_an_address(browser, alice, identifier):
    response = browser.post(PAGE, {"identifier": identifier})
    assert response["Location"] == f"{PAGE}/code"
    assert OutgoingMail.objects.get().recipient == alice.email


def test_the_answer_is_the_same_when_there_is_no_such_account(browser, alice):
    known, unknown = (browser.post(PAGE, {"identifier": name}) for name in ("alice", "nobody"))
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert OutgoingMail.objects.count() == 1


def test_the_mail_speaks_the_browsers_language(browser, alice):
    browser.post(PAGE, {"identifier": "alice"}, headers={"accept-language": "de"})
    assert OutgoingMail.objects.get().subject == "Neues Passwort angefordert"


def test_the_new_password_works(browser, alice, ash):
    browser.post(PAGE, {"identifier": "alice"})
    response = browser.post(f"{PAGE}/code", {"code": code_in_mail(), "password": NEW})
    assert response["Location"] == f"{PAGE}/done"
    assert "Your password is set" in text(browser.get(f"{PAGE}/done"))
    assert credentials.authenticate(ash, alice.did, NEW) == alice


def test_a_wrong_code_is_said_beside_it_and_the_password_is_not_sent_back(browser, alice):
    response = browser.post(f"{PAGE}/code", {"code": "AAAAA-BBBBB", "password": NEW})
    assert response.status_code == 422
    assert "is wrong or has" in text(response)
    assert 'aria-invalid="true"' in text(response)
    assert NEW not in text(response)


def test_an_old_code_says_so(browser, alice):
    code = email_codes.issue(alice, Purpose.RESET_PASSWORD)
    EmailToken.objects.update(issued_at=timezone.now() - email_codes.LIVES)
    response = browser.post(f"{PAGE}/code", {"code": code, "password": NEW})
    assert "has expired" in text(response)


def test_a_weak_password_leaves_the_code(browser, alice):
    code = email_codes.issue(alice, Purpose.RESET_PASSWORD)
    response = browser.post(f"{PAGE}/code", {"code": code, "password": "12345678"})
    assert response.status_code == 422
    email_codes.check(alice, Purpose.RESET_PASSWORD, code)


@pytest.mark.parametrize(
    ("bucket", "path", "fields"),
    [
        ("REQUEST_PASSWORD_RESET", PAGE, {"identifier": "alice"}),
        ("RESET_PASSWORD", f"{PAGE}/code", {"code": "AAAAA-BBBBB", "password": NEW}),
    ],
)
def test_neither_can_be_tried_without_end(browser, alice, monkeypatch, bucket, path, fields):
    monkeypatch.setattr(limits, bucket, Bucket(f"one-{bucket}", (Budget(1, 300),)))
    assert browser.post(path, fields).status_code != 429
    assert browser.post(path, fields).status_code == 429


def test_no_foreign_page_can_send_the_forms(ash):
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    for path in (PAGE, f"{PAGE}/code", "/account/sign-in/code"):
        assert strict.post(path, {"identifier": "alice"}).status_code == 403


# --- the second step of signing in


@pytest.fixture
def guarded(ash):
    return account_row(ash, has_email_auth_factor=True, email_confirmed_at=timezone.now())


def first_step(browser) -> str:
    """The challenge in the page that asks for the code."""
    response = browser.post("/account/sign-in", {"identifier": "alice", "password": PASSWORD})
    assert response.status_code == 200
    assert not WebSession.objects.exists()
    return re.search('name="challenge" value="([^"]+)"', text(response)).group(1)


def test_the_second_step_signs_in(browser, guarded):
    challenge = first_step(browser)
    sent = {"challenge": challenge, "code": code_in_mail()}
    response = browser.post("/account/sign-in/code", sent)
    assert response["Location"] == "/account/"
    assert WebSession.objects.get().account == guarded
    assert SignIn.objects.get().way == "two_steps"


def test_a_wrong_code_does_not(browser, guarded):
    sent = {"challenge": first_step(browser), "code": "AAAAA-BBBBB"}
    response = browser.post("/account/sign-in/code", sent)
    assert response.status_code == 422
    assert "This code is wrong or has expired." in text(response)
    assert not WebSession.objects.exists()


def test_nobody_begins_with_the_second_step(browser, guarded):
    assert browser.get("/account/sign-in/code")["Location"] == "/account/sign-in"
    code = email_codes.issue(guarded, Purpose.AUTH_FACTOR)
    response = browser.post("/account/sign-in/code", {"challenge": "made up", "code": code})
    assert response.status_code == 422


def test_the_page_does_the_same_work_for_everybody(browser, guarded, settings, monkeypatch):
    """The look-up, the code and the e-mail are a worker's: the answer tells no times apart."""
    settings.VALKEY_URL = "redis://there.is.one"
    sent = []
    monkeypatch.setattr(celery.app, "send_task", lambda name, **given: sent.append((name, given)))
    browser.get("/account/reset-password")  # the host is remembered from now on
    with CaptureQueriesContext(connection) as known:
        browser.post("/account/reset-password", {"identifier": guarded.handle})
    with CaptureQueriesContext(connection) as unknown:
        browser.post("/account/reset-password", {"identifier": "nobody.test"})
    assert len(known) == len(unknown)
    assert [name for name, _ in sent] == ["accounts.tasks.mail_reset_code"] * 2
    tasks.mail_reset_code(*sent[0][1]["args"])
    assert OutgoingMail.objects.get().recipient == guarded.email
