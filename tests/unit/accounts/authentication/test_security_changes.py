"""Changes of an account's security: noted, mailed, taken back."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.authentication import security_changes, web_sessions
from accounts.authentication.security_changes import PASSWORD_CHANGED, CannotUndo
from accounts.models import SecurityChange, WebSession
from hosting.mail.models import OutgoingMail


@pytest.fixture
def renamed(monkeypatch):
    """A kind of change that can be taken back."""

    def undo(account, noted):
        account.handle = noted["handle"]
        account.save(update_fields=["handle"])

    monkeypatch.setattr(security_changes, "KINDS", {})
    return security_changes.kind("renamed", "Handle changed", undo)


def note(account, kind=PASSWORD_CHANGED, **more):
    with transaction.atomic():
        return security_changes.note(account, kind, **more)


def token_in_mail() -> str:
    text = OutgoingMail.objects.get().text
    return re.search(r"/account/undo/(\S+)", text).group(1)


def test_a_change_is_a_row_and_an_email(alice):
    note(alice, address="203.0.113.7")
    email = OutgoingMail.objects.get()
    assert (email.recipient, email.subject) == (alice.email, "Password changed")
    assert "203.0.113.0/24" in email.text
    assert "/account/reset-password" in email.text
    assert [each.place for each in security_changes.of_account(alice)] == ["203.0.113.0/24"]


def test_a_change_that_is_rolled_back_leaves_neither(alice):
    with transaction.atomic():
        security_changes.note(alice, PASSWORD_CHANGED)
        transaction.set_rollback(True)
    assert not SecurityChange.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_the_email_goes_to_the_address_of_before(alice):
    note(alice, recipient="before@example.com", detail="after@example.com")
    email = OutgoingMail.objects.get()
    assert email.recipient == "before@example.com"
    assert "Password changed: after@example.com" in email.text


def test_a_link_takes_the_change_back_once(alice, renamed):
    note(alice, renamed, undo={"handle": "before.test"})
    token = token_in_mail()
    security_changes.take_back(alice.host, token)
    alice.refresh_from_db()
    assert alice.handle == "before.test"
    with pytest.raises(CannotUndo):
        security_changes.take_back(alice.host, token)


def test_who_takes_a_change_back_signs_everybody_out(alice, renamed):
    web_sessions.begin(alice)
    note(alice, renamed, undo={"handle": "before.test"})
    security_changes.take_back(alice.host, token_in_mail())
    assert not WebSession.objects.exists()


def test_a_link_is_none_at_another_host(alice, birch, renamed):
    note(alice, renamed, undo={"handle": "before.test"})
    with pytest.raises(CannotUndo):
        security_changes.take_back(birch, token_in_mail())


def test_a_link_is_too_old_after_three_days(alice, renamed):
    note(alice, renamed, undo={"handle": "before.test"})
    SecurityChange.objects.update(undo_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(CannotUndo):
        security_changes.undoable(alice.host, token_in_mail())


def test_the_log_is_bounded_and_keeps_what_can_be_taken_back(alice, renamed, monkeypatch):
    monkeypatch.setattr(security_changes, "KEPT_MAX", 3)
    change = note(alice, renamed, undo={"handle": "before.test"})
    for _ in range(5):
        note(alice)
    kept = SecurityChange.objects.filter(account=alice)
    assert kept.count() == 4
    assert kept.filter(pk=change.pk).exists()


def test_many_changes_of_one_kind_hide_none_of_another(alice):
    for _ in range(40):
        note(alice, security_changes.APP_PASSWORD_ADDED)
    note(alice)
    assert OutgoingMail.objects.filter(kind="change_password_changed").count() == 1
    assert OutgoingMail.objects.count() < 20


def test_old_changes_are_forgotten(alice):
    note(alice)
    SecurityChange.objects.update(at=timezone.now() - security_changes.KEPT_FOR)
    security_changes.forget_old()
    assert not SecurityChange.objects.exists()


def test_a_kind_has_one_meaning(renamed):
    with pytest.raises(ValueError, match="renamed"):
        security_changes.kind("renamed", "Something else")
