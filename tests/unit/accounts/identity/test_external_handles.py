"""Handles of people's own domains: looked at again, and slow to be called lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.identity import external_handles, resolution
from accounts.models import CustomHandle
from tests.factories import account_row

HANDLE = "alice.example.com"


@pytest.fixture
def alice(ash):
    account = account_row(ash, handle=HANDLE)
    external_handles.track(account)
    return account


@pytest.fixture
def says(monkeypatch):
    """Have the handle's domain say this from now on."""

    def say(answer):
        def ask(_handle):
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(resolution, "ask_for_handle", ask)

    return say


@pytest.fixture
def heard(monkeypatch):
    """The accounts whose identity was announced."""
    announced = []

    class Signal:
        def send(self, sender, account):
            announced.append((account.handle, external_handles.shown(account)))

    monkeypatch.setattr(external_handles, "handle_changed", Signal())
    return announced


def row() -> CustomHandle:
    return CustomHandle.objects.get()


def fails_for(days: float, times: int) -> None:
    CustomHandle.objects.update(
        failing_since=timezone.now() - timedelta(days=days), failure_count=times
    )


def test_a_handle_of_the_host_itself_is_not_looked_after(ash):
    external_handles.track(account_row(ash, "bobby"))
    assert not CustomHandle.objects.exists()


def test_a_proof_that_stands_is_looked_at_again_in_a_day(alice, says, heard):
    says(alice.did)
    external_handles.check(alice.pk)
    assert row().next_check_at > timezone.now() + timedelta(hours=23)
    assert heard == []


@pytest.mark.parametrize("answer", [None, "did:plc:" + "b" * 24])
def test_one_refusal_is_no_loss(alice, says, heard, answer):
    says(answer)
    external_handles.check(alice.pk)
    assert (row().failure_count, row().lost_at) == (1, None)
    assert external_handles.shown(alice) == HANDLE


def test_many_refusals_in_a_day_are_no_loss(alice, says, heard):
    says(None)
    fails_for(days=1, times=20)
    external_handles.check(alice.pk)
    assert row().lost_at is None


def test_few_refusals_over_many_days_are_no_loss(alice, says, heard):
    says(None)
    fails_for(days=10, times=2)
    external_handles.check(alice.pk)
    assert row().lost_at is None


def test_refusals_over_three_days_are_a_loss_and_announced_once(alice, says, heard):
    says(None)
    fails_for(days=3, times=external_handles.LOST_AFTER_REFUSALS)
    external_handles.check(alice.pk)
    external_handles.check(alice.pk)
    alice.refresh_from_db()
    assert external_handles.shown(alice) is None
    assert heard == [(HANDLE, None)]


def test_silence_is_no_refusal(alice, says, heard):
    says(resolution.NetworkUnavailable("nobody answers"))
    fails_for(days=30, times=100)
    external_handles.check(alice.pk)
    assert (row().failure_count, row().lost_at) == (100, None)


def test_a_lost_handle_comes_back_by_itself(alice, says, heard):
    CustomHandle.objects.update(lost_at=timezone.now())
    says(alice.did)
    external_handles.check(alice.pk)
    assert (row().lost_at, row().failing_since, row().failure_count) == (None, None, 0)
    assert heard == [(HANDLE, HANDLE)]


def test_a_handle_that_changed_while_we_asked_is_left_alone(alice, monkeypatch, heard):
    def changed_meanwhile(_handle):
        type(alice).objects.filter(pk=alice.pk).update(handle="new.example.com")

    monkeypatch.setattr(resolution, "ask_for_handle", changed_meanwhile)
    external_handles.check(alice.pk)
    assert row().failure_count == 0


def test_the_sweep_asks_for_what_is_due_and_once(alice, says, heard):
    says(None)
    external_handles.check_due()
    assert row().failure_count == 0
    CustomHandle.objects.update(next_check_at=timezone.now())
    external_handles.check_due()
    external_handles.check_due()
    assert row().failure_count == 1


def test_the_sweep_ends_when_nobody_answers(ash, says, heard):
    for number in range(external_handles.TIMEOUTS_MAX + 3):
        external_handles.track(account_row(ash, f"p{number}", handle=f"p{number}.example.com"))
    CustomHandle.objects.update(next_check_at=timezone.now())
    says(resolution.NetworkUnavailable("nobody answers"))
    external_handles.check_due()
    assert CustomHandle.objects.filter(next_check_at__lte=timezone.now()).count() == 3


def test_its_owner_may_have_it_looked_at_now(alice, says, heard, birch):
    CustomHandle.objects.update(lost_at=timezone.now())
    says(alice.did)
    external_handles.check_now(birch, alice.did)
    assert row().lost_at is not None
    external_handles.check_now(alice.host, alice.did)
    assert row().lost_at is None
