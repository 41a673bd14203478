"""Taking down and restoring."""

import pytest
from django.utils import timezone

from accounts import status
from accounts.authentication import sessions, web_sessions
from accounts.models import Account, Session, WebSession
from tests.factories import account_row


def test_a_takedown_shows_in_the_status(alice, announced):
    assert status.take_down(alice, ref="case 7").status == "takendown"
    assert Account.objects.get(pk=alice.pk).takedown_ref == "case 7"


def test_a_takedown_ends_every_session(alice, announced):
    sessions.begin(alice)
    web_sessions.begin(alice)
    status.take_down(alice)
    assert not Session.objects.exists()
    assert not WebSession.objects.exists()


def test_a_neighbours_sessions_go_on(ash, alice, announced):
    neighbour = account_row(ash, "bobby")
    sessions.begin(neighbour)
    status.take_down(alice)
    assert Session.objects.get().account == neighbour


def test_a_repeated_takedown_keeps_its_moment_and_is_announced_again(alice, announced):
    first = status.take_down(alice, ref="1").taken_down_at
    again = status.take_down(alice, ref="2")
    assert (again.taken_down_at, again.takedown_ref) == (first, "2")
    assert announced == [(alice.did, "takendown")] * 2


def test_a_restored_account_is_active_again(alice, announced):
    status.take_down(alice)
    restored = status.restore(alice)
    assert (restored.status, restored.takedown_ref) == ("active", "")
    assert announced[-1] == (alice.did, "active")


def test_restoring_shows_the_deactivation_underneath(ash, announced):
    account = account_row(ash, deactivated_at=timezone.now())
    assert status.take_down(account).status == "takendown"
    assert status.restore(account).status == "deactivated"


def test_an_account_that_never_opened_is_not_found(ash, announced):
    pending = account_row(ash, opened_at=None)
    for verb in (status.take_down, status.restore):
        with pytest.raises(status.AccountNotFound):
            verb(pending)
    assert announced == []


def test_a_receiver_that_fails_undoes_the_takedown(alice, monkeypatch):
    def fails(**_):
        raise RuntimeError("no event")

    monkeypatch.setattr(status.account_status_changed, "send", fails)
    with pytest.raises(RuntimeError, match="no event"):
        status.take_down(alice)
    assert Account.objects.get(pk=alice.pk).status == "active"
