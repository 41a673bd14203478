"""The account's row: status and the invariants that Postgres holds."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import Account
from tests.factories import account_row

NOW = timezone.now()


@pytest.mark.parametrize(
    ("moments", "status"),
    [
        ({}, "active"),
        ({"deactivated_at": NOW}, "deactivated"),
        ({"suspended_at": NOW, "deactivated_at": NOW}, "suspended"),
        ({"taken_down_at": NOW, "suspended_at": NOW, "deactivated_at": NOW}, "takendown"),
        ({"opened_at": None, "taken_down_at": NOW}, "pending"),
    ],
)
def test_the_weightier_moment_decides_the_status(ash, moments, status):
    assert account_row(ash, **moments).status == status


def test_only_active_accounts_are_active(ash):
    active = account_row(ash)
    account_row(ash, "bobby", taken_down_at=NOW)
    assert list(Account.objects.of(ash).active()) == [active]
    assert active.is_active


def test_pending_accounts_are_not_open(ash):
    account_row(ash, opened_at=None)
    assert not Account.objects.of(ash).open().exists()


def test_accounts_are_found_by_did_and_by_handle(ash, alice):
    assert Account.objects.of(ash).named(alice.did).get() == alice
    assert Account.objects.of(ash).named("Alice.TEST").get() == alice


def test_another_host_does_not_see_an_account(birch, alice):
    assert not Account.objects.of(birch).named(alice.did).exists()


def test_a_handle_is_unique_at_one_host(ash, alice):
    with pytest.raises(IntegrityError, match="account_handle_is_unique"):
        account_row(ash, "bobby", handle=alice.handle)


def test_a_did_is_unique_at_one_host(ash, alice):
    with pytest.raises(IntegrityError, match="account_did_is_unique"):
        account_row(ash, "bobby", did=alice.did)


def test_an_account_on_its_way_is_at_two_hosts(birch, alice):
    moved = account_row(birch, did=alice.did, handle=alice.handle)
    assert (moved.did, moved.handle) == (alice.did, alice.handle)


def test_an_email_is_unique_at_one_host(ash, birch, alice):
    account_row(birch, email=alice.email)
    with pytest.raises(IntegrityError, match="account_email_is_unique_a_host"):
        account_row(ash, "bobby", email=alice.email)


def test_upper_case_handles_are_not_stored(ash):
    with pytest.raises(IntegrityError, match="account_handle_is_lower_case"):
        account_row(ash, handle="Alice.test")


def test_many_accounts_may_have_no_handle(ash):
    account_row(ash, handle=None)
    assert str(account_row(ash, "bobby", handle=None)).startswith("did:plc:")
