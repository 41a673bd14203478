"""Waiting for an account to open."""

import pytest
from django.utils import timezone

from accounts.identity.plc import submit
from accounts.models import PlcOperation
from accounts.signup import abandoned, await_directory, sign_up
from accounts.signup.rules import check
from tests.factories import wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operation(ash, plc):
    return sign_up.begin(ash, check(ash, wanted()))


def test_an_operation_that_is_decided_needs_no_waiting(operation):
    submit.submit(operation.pk)
    account = await_directory.await_account(operation)
    assert (account.did, account.is_active) == (operation.did, True)


def test_whoever_waits_publishes_when_no_worker_does(operation):
    assert await_directory.await_account(operation).is_active


def test_an_attempt_under_way_is_left_alone(operation, plc, settings):
    settings.PLC_AWAIT_S = 0.5
    PlcOperation.objects.update(next_attempt_at=timezone.now() + submit.lease())
    with pytest.raises(await_directory.DirectoryTimeout):
        await_directory.await_account(operation)
    assert plc.posts == []


def test_old_failures_do_not_count_as_down(operation, settings):
    settings.PLC_AWAIT_S = 0.5
    PlcOperation.objects.update(attempts=9, last_failure="unreachable")
    operation.refresh_from_db()
    with pytest.raises(await_directory.DirectoryTimeout):
        await_directory.await_account(operation)


def test_a_withdrawn_sign_up_has_to_be_made_anew(operation, monkeypatch):
    monkeypatch.setattr(abandoned, "GENESIS_WAITS", -submit.lease())
    abandoned.withdraw_stale()
    with pytest.raises(await_directory.DirectoryTimeout, match="sign up again"):
        await_directory.await_account(operation)
