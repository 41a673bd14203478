"""The page behind the link of an e-mail about a change."""

import re

import pytest
from django.db import transaction

from accounts.authentication import security_changes
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
