"""Which handles a host gives out, and whom they lead to."""

import pytest
from django.utils import timezone

from accounts.identity.handles import allocation
from hosting.models import HandleDomain
from tests.factories import account_row


def test_a_good_handle_comes_back_in_lower_case(ash):
    assert allocation.check_new(ash, "Alice.TEST") == "alice.test"


@pytest.mark.parametrize(
    ("handle", "message"),
    [
        ("al.test", "Handle too short"),
        ("a" * 19 + ".test", "Handle too long"),
        ("one.two.test", "Invalid characters in handle"),
        ("al_ice.test", "Input/handle must be a valid handle"),
        ("-alice.test", "Input/handle must be a valid handle"),
        ("alice", "Input/handle must be a valid handle"),
        ("", "Input/handle must be a valid handle"),
        ("älice.test", "Input/handle must be a valid handle"),
        ("alice.test\0", "Input/handle must be a valid handle"),
    ],
)
def test_handles_that_break_a_rule_are_invalid(ash, handle, message):
    with pytest.raises(allocation.InvalidHandle) as refused:
        allocation.check_new(ash, handle)
    assert (refused.value.name, refused.value.message) == ("InvalidHandle", message)


@pytest.mark.parametrize("label", ["abc", "a" * 18, "a-b", "007"])
def test_labels_of_three_to_eighteen_characters_pass(ash, label):
    assert allocation.check_new(ash, label + ".test") == label + ".test"


def test_a_reserved_word_is_not_available(ash):
    with pytest.raises(allocation.HandleNotAvailable, match="Reserved handle"):
        allocation.check_new(ash, "admin.test")


def test_a_word_of_abuse_is_no_handle_but_staff_may_give_it(ash):
    with pytest.raises(allocation.InvalidHandle, match="Inappropriate language in handle"):
        allocation.check_new(ash, "c0ons.test")
    assert allocation.check_by_staff(ash, "c0ons.test") == "c0ons.test"


def test_a_foreign_domain_is_not_supported(ash):
    with pytest.raises(allocation.UnsupportedDomain, match="Not a supported handle domain"):
        allocation.check_new(ash, "alice.example.com")


def test_another_tenants_domain_is_not_supported(birch):
    with pytest.raises(allocation.UnsupportedDomain):
        allocation.check_new(birch, "alice.test")


def test_the_bare_name_of_another_tenants_domain_is_kept_back(ash, birch):
    with pytest.raises(allocation.HandleNotAvailable):
        allocation.check_new(ash, "birch.test")


def test_a_hosts_own_name_is_kept_back(ash, birch):
    birch.hostname = "pds9.test"
    birch.save()
    with pytest.raises(allocation.HandleNotAvailable):
        allocation.check_new(ash, "pds9.test")


def test_the_longest_domain_of_the_host_counts(ash):
    HandleDomain.objects.create(host=ash, name=".club.test", position=1)
    assert allocation.check_new(ash, "alice.club.test") == "alice.club.test"


def test_a_pending_account_already_holds_its_handle(ash):
    assert not allocation.is_taken("alice.test")
    account_row(ash, opened_at=None)
    assert allocation.is_taken("alice.test")


def test_an_active_accounts_handle_resolves_in_any_spelling(ash, alice):
    assert allocation.resolve(ash, "Alice.Test") == alice.did


@pytest.mark.parametrize("moment", ["deactivated_at", "suspended_at", "taken_down_at"])
def test_an_inactive_accounts_handle_does_not_resolve(ash, moment):
    account_row(ash, **{moment: timezone.now()})
    assert allocation.resolve(ash, "alice.test") is None


def test_a_pending_accounts_handle_does_not_resolve(ash):
    account_row(ash, opened_at=None)
    assert allocation.resolve(ash, "alice.test") is None


def test_another_tenants_handle_does_not_resolve(birch, alice):
    assert allocation.resolve(birch, "alice.test") is None
