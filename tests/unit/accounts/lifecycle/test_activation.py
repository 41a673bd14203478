"""An owner lets the account rest, and wakes it."""

from datetime import UTC, datetime

import pytest

from accounts import status
from accounts.authentication import sessions
from accounts.identity.did_verification import InvalidDid
from accounts.lifecycle import activation
from accounts.models import Account, Session
from accounts.status import AccountNotFound
from tests.factories import account_row

SOME_DAY = datetime(2031, 1, 2, tzinfo=UTC)


@pytest.fixture
def activated(monkeypatch):
    """The accounts whose activation was announced."""
    heard = []

    class Signal:
        def send(self, sender, account):
            heard.append((account.did, account.status))

    monkeypatch.setattr(activation, "account_activated", Signal())
    return heard


def stored(account) -> Account:
    return Account.objects.get(pk=account.pk)


def test_a_deactivation_shows_and_is_announced(alice, announced):
    assert activation.deactivate(alice).status == "deactivated"
    assert announced == [(alice.did, "deactivated")]


def test_sessions_outlive_a_deactivation(alice, announced):
    sessions.begin(alice)
    activation.deactivate(alice)
    assert Session.objects.count() == 1


def test_a_repeated_deactivation_keeps_its_moment_and_takes_the_new_wish(alice, announced):
    first = activation.deactivate(alice, SOME_DAY)
    assert stored(alice).delete_after == SOME_DAY
    again = activation.deactivate(alice)
    assert (again.deactivated_at, again.delete_after) == (first.deactivated_at, None)
    assert len(announced) == 2


def test_a_takedown_on_top_stays_what_others_see(alice, announced):
    status.take_down(alice)
    assert activation.deactivate(alice).status == "takendown"
    assert status.restore(alice).status == "deactivated"


def test_an_account_that_never_opened_cannot_rest(ash, announced):
    with pytest.raises(AccountNotFound):
        activation.deactivate(account_row(ash, opened_at=None))


def test_an_activation_is_announced(alice, announced, directory_says, activated):
    directory_says()
    activation.deactivate(alice, SOME_DAY)
    awake = activation.activate(alice)
    assert (awake.status, awake.delete_after) == ("active", None)
    assert activated == [(alice.did, "active")]


def test_activating_again_is_harmless_and_announced_again(alice, directory_says, activated):
    directory_says()
    activation.activate(alice)
    activation.activate(alice)
    assert activated == [(alice.did, "active")] * 2


def test_an_account_whose_did_leads_elsewhere_stays_asleep(alice, announced, directory_says):
    directory_says(services={})
    activation.deactivate(alice)
    with pytest.raises(InvalidDid):
        activation.activate(alice)
    assert stored(alice).status == "deactivated"


def test_a_taken_down_account_cannot_be_woken(alice, announced, directory_says, activated):
    directory_says()
    activation.deactivate(alice)
    down = status.take_down(alice)
    for known in (down, alice):  # `alice` was read before the takedown
        with pytest.raises(AccountNotFound):
            activation.activate(known)
    assert stored(alice).deactivated_at is not None
    assert activated == []
