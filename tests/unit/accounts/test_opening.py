"""Waiting for an account to open."""

import pytest
from django.utils import timezone

from accounts import opening, publishing, signup, withdrawals
from accounts.admission import check
from accounts.models import PlcOperation
from tests.unit.accounts.people import wish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operation(ash, plc):
    return signup._begin(ash, check(ash, wish()))


def test_an_operation_that_is_decided_needs_no_waiting(operation):
    publishing.publish(operation.pk)
    account = opening.await_account(operation.pk)
    assert (account.did, account.is_active) == (operation.did, True)


def test_whoever_waits_publishes_when_no_worker_does(operation):
    assert opening.await_account(operation.pk).is_active


def test_an_attempt_under_way_is_left_alone(operation, plc, settings):
    settings.PLC_AWAIT_S = 0.5
    PlcOperation.objects.update(next_attempt_at=timezone.now() + publishing.lease())
    with pytest.raises(opening.DirectoryLate):
        opening.await_account(operation.pk)
    assert plc.posts == []


def test_old_failures_do_not_count_as_down(operation, settings):
    settings.PLC_AWAIT_S = 0.5
    PlcOperation.objects.update(attempts=9, last_failure="unreachable")
    with pytest.raises(opening.DirectoryLate):
        opening.await_account(operation.pk)


def test_a_withdrawn_sign_up_has_to_be_made_anew(operation, monkeypatch):
    monkeypatch.setattr(withdrawals, "GENESIS_WAITS", -publishing.lease())
    withdrawals.withdraw_stale()
    with pytest.raises(opening.DirectoryLate, match="sign up anew"):
        opening.await_account(operation.pk)
