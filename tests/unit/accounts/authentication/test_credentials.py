"""Whose password is it."""

import time

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.authentication import credentials
from accounts.authentication.credentials import InvalidLogin, authenticate
from accounts.models import HeldSignUp
from tests.factories import PASSWORD, account_row


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.mark.parametrize(
    "form", ["alice.test", "Alice.TEST ", "alice@example.com", "ALICE@Example.com"]
)
def test_handle_and_email_identify_in_any_letter_case(ash, alice, form):
    assert authenticate(ash, form, PASSWORD) == alice


def test_the_did_identifies(ash, alice):
    assert authenticate(ash, alice.did, PASSWORD) == alice


@pytest.mark.parametrize("identifier", ["alice.test", "nobody.test", "", "alice", "a\0b", "did:x"])
def test_every_failure_gets_the_same_answer(ash, alice, identifier):
    with pytest.raises(InvalidLogin) as refused:
        authenticate(ash, identifier, "wrong")
    error = refused.value
    assert (error.status, error.name) == (401, "AuthenticationRequired")
    assert error.message == "Invalid identifier or password"


@pytest.mark.parametrize("identifier", ["alice.test", "nobody.test"])
def test_failures_take_at_least_350_ms(ash, alice, identifier, monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.350)
    started = time.monotonic()
    with pytest.raises(InvalidLogin):
        authenticate(ash, identifier, "wrong")
    assert time.monotonic() - started >= 0.350


@pytest.mark.usefixtures("real_password_hashes")
def test_an_unknown_name_costs_a_hash_too(ash, monkeypatch):
    credentials.dummy_password.cache_clear()  # other tests hash more quickly, and it is kept
    checked = []
    monkeypatch.setattr(credentials, "check_password", lambda *pair: checked.append(pair))
    with pytest.raises(InvalidLogin):
        authenticate(ash, "nobody.test", "wrong")
    assert checked[0][1].startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_pending_account_cannot_log_in(ash):
    account_row(ash, opened_at=None)
    with pytest.raises(InvalidLogin):
        authenticate(ash, "alice.test", PASSWORD)


def test_a_deactivated_account_can(ash):
    account = account_row(ash, deactivated_at=timezone.now())
    assert authenticate(ash, "alice.test", PASSWORD) == account


def test_an_account_is_unknown_at_another_host(birch, alice):
    for identifier in (alice.handle, alice.did, alice.email):
        with pytest.raises(InvalidLogin):
            authenticate(birch, identifier, PASSWORD)


def test_old_passwords_of_512_characters_are_tried(ash):
    account = account_row(ash, password=credentials.make_password("x" * 512))
    assert authenticate(ash, "alice.test", "x" * 512) == account
    with pytest.raises(InvalidLogin):
        authenticate(ash, "alice.test", "x" * 513)


@pytest.mark.parametrize(
    "typed",
    [
        "@alice.test",
        "  Alice.TEST ",
        "\u202aalice.test\u202c",
        "\u200e@alice.test\u200f",
        "alice.test.",
        "\ufeffalice@example.com",
        "alice@example.com.",
    ],
)
def test_identifiers_are_taken_as_people_mean_them(ash, alice, typed):
    assert credentials.authenticate(ash, typed, PASSWORD) == alice


def held(host, **changes):
    fields = {"handle": "carol.test", "email": "carol@example.com", "reason": "policy"}
    return HeldSignUp.objects.create(
        host=host, password=make_password(PASSWORD), **{**fields, **changes}
    )


@pytest.mark.parametrize("name", ["carol.test", "@carol.test", "carol@example.com"])
def test_who_waits_for_the_staff_is_told_so(ash, name):
    held(ash)
    with pytest.raises(credentials.SignUpWaits):
        credentials.authenticate_app(ash, name, PASSWORD)
    with pytest.raises(credentials.SignUpWaits):
        credentials.authenticate(ash, name, PASSWORD)


def test_with_a_wrong_password_or_elsewhere_nobody_waits(ash, birch, monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    held(ash)
    for host, password in ((ash, "wrong"), (birch, PASSWORD)):
        with pytest.raises(credentials.InvalidLogin):
            credentials.authenticate(host, "carol.test", password)
