"""The pages behind links in e-mails."""

import re

import pytest
from django.db import transaction

from accounts.authentication import email_codes, security_changes
from accounts.authentication.email_codes import Purpose
from hosting.mail.models import OutgoingMail


@pytest.fixture
def path(alice, monkeypatch) -> str:
    """The link in the e-mail about a change that can be taken back."""

    def undo(account, noted):
        account.email = noted["email"]
        account.save(update_fields=["email"])

    monkeypatch.setattr(security_changes, "KINDS", {})
    kind = security_changes.kind("moved", "Address changed", undo)
    with transaction.atomic():
        security_changes.note(alice, kind, detail="new@example.com", undo={"email": "a@b.example"})
    return re.search(r"/account/undo/\S+", OutgoingMail.objects.get().text).group()


def test_opening_the_link_shows_the_change_and_does_nothing(browser, path, alice):
    page = browser.get(path).content.decode()
    assert "Address changed: new@example.com" in page
    alice.refresh_from_db()
    assert alice.email != "a@b.example"


def test_the_button_takes_it_back(browser, path, alice):
    page = browser.post(path).content.decode()
    assert "It is taken back" in page
    alice.refresh_from_db()
    assert alice.email == "a@b.example"


def test_a_used_link_says_so(browser, path):
    browser.post(path)
    response = browser.get(path)
    assert response.status_code == 422
    assert "This link has been used already, or is too old." in response.content.decode()
    assert "<title>Error: " in response.content.decode()


# --- an address


@pytest.fixture
def link(alice) -> str:
    """The link in the e-mail that confirms Alice's address."""
    email = email_codes.mail(alice, Purpose.CONFIRM_EMAIL)
    return re.search(r"/account/confirm-address/[a-z2-7]{10}", email.text).group()


def is_confirmed(account) -> bool:
    account.refresh_from_db()
    return account.email_confirmed_at is not None


def test_the_link_shows_whose_address_it_is_and_confirms_nothing(browser, link, alice):
    assert f"{alice.email} is the address" in browser.get(link).content.decode()
    assert not is_confirmed(alice)


def test_its_button_confirms_the_address_once(browser, link, alice):
    assert "is confirmed" in browser.post(link).content.decode()
    assert is_confirmed(alice)
    assert browser.post(link).status_code == 422


def test_a_made_up_link_confirms_nothing(browser, alice):
    assert browser.post("/account/confirm-address/aaaaaaaaaa").status_code == 422
    assert not is_confirmed(alice)
