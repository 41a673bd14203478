"""A forgotten password: a code by mail, a new password, everybody signed out."""

import pytest

from accounts import status
from accounts.authentication import (
    app_passwords,
    credentials,
    email_codes,
    password_resets,
    sessions,
    web_sessions,
)
from accounts.authentication.credential_rules import PasswordRefused
from accounts.authentication.credentials import InvalidLogin
from accounts.authentication.email_codes import InvalidToken, Purpose
from accounts.models import AppPassword, EmailToken, Session, WebSession
from accounts.status import AccountNotFound
from hosting.mail.models import OutgoingMail
from tests.factories import PASSWORD

NEW = "another good one"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def code(alice) -> str:
    return email_codes.issue(alice, Purpose.RESET_PASSWORD)


def test_asking_mails_a_code_to_the_accounts_address(alice, ash):
    password_resets.ask_by_email(ash, " ALICE@example.com")
    assert OutgoingMail.objects.get().recipient == alice.email


@pytest.mark.parametrize("email", ["nobody@example.com", "alice.test", ""])
def test_an_unknown_address_is_told(alice, ash, email):
    with pytest.raises(AccountNotFound):
        password_resets.ask_by_email(ash, email)
    assert not OutgoingMail.objects.exists()


def test_the_page_takes_a_handle_too_and_says_nothing_about_strangers(alice, ash, birch):
    password_resets.mail_code(ash, "alice.test", "de")
    password_resets.mail_code(ash, "nobody.test", "de")
    password_resets.mail_code(birch, "alice.test", "de")
    assert OutgoingMail.objects.get().subject == "Neues Passwort angefordert"


def test_the_new_password_works_and_the_old_one_does_not(alice, ash, code):
    password_resets.reset(ash, code, NEW)
    assert credentials.authenticate(ash, alice.did, NEW) == alice
    with pytest.raises(InvalidLogin):
        credentials.authenticate(ash, alice.did, PASSWORD)


def test_a_code_sets_one_password(ash, code):
    password_resets.reset(ash, code, NEW)
    with pytest.raises(InvalidToken):
        password_resets.reset(ash, code, "a third one")


def test_everybody_is_signed_out_and_app_passwords_stay(alice, ash, code):
    app_passwords.create(alice, "phone", is_privileged=False)
    sessions.begin(alice)
    web_sessions.begin(alice)
    password_resets.reset(ash, code, NEW)
    assert not Session.objects.exists()
    assert not WebSession.objects.exists()
    assert AppPassword.objects.count() == 1


def test_other_codes_are_burned_and_the_owner_is_told(alice, ash, code):
    email_codes.issue(alice, Purpose.DELETE_ACCOUNT)
    password_resets.reset(ash, code, NEW)
    assert not EmailToken.objects.exists()
    assert OutgoingMail.objects.get().kind == "password_changed"


@pytest.mark.parametrize("password", ["", "x" * 257])
def test_a_password_that_we_do_not_hash_leaves_the_code(alice, ash, code, password):
    with pytest.raises(PasswordRefused):
        password_resets.reset(ash, code, password)
    email_codes.check(alice, Purpose.RESET_PASSWORD, code)


def test_it_works_for_an_account_that_is_taken_down(alice, ash, announced, code):
    status.take_down(alice)
    password_resets.reset(ash, code, NEW)
    assert credentials.authenticate(ash, alice.did, NEW) == alice


def test_a_code_of_one_host_is_nothing_at_another(birch, code):
    with pytest.raises(InvalidToken):
        password_resets.reset(birch, code, NEW)


def test_who_is_signed_in_sets_another_one_and_signs_out_everybody(ash, alice):
    token = web_sessions.begin(alice)
    changed = password_resets.change(alice, NEW, signs_out=True, address="203.0.113.7")
    assert credentials.authenticate(ash, alice.did, NEW) == alice
    assert web_sessions.account_of(ash, token) is None
    assert OutgoingMail.objects.get().subject == "Password changed"
    assert web_sessions.begin(changed)


def test_others_may_stay_signed_in(ash, alice):
    token = web_sessions.begin(alice)
    password_resets.change(alice, NEW, signs_out=False)
    assert web_sessions.account_of(ash, token) == alice
