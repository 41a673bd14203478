"""A browser is known by two cookies, of which one changes; a copied one is of no use for long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import status
from accounts.authentication.credentials import InvalidLogin
from accounts.lifecycle import staff_overrides
from accounts.models import Account, OAuthDevice, OAuthDeviceAccount
from accounts.oauth import devices
from accounts.oauth.devices import Cookies

HOME = "203.0.113.0/24 Firefox"


def age(device: OAuthDevice, time: timedelta) -> None:
    OAuthDevice.objects.filter(pk=device.pk).update(rotated_at=timezone.now() - time)


@pytest.fixture
def seen(ash):
    return devices.create(ash, HOME)


def test_a_browser_is_known_again(ash, seen):
    again = devices.find(ash, seen.cookies, HOME)
    assert (again.device.pk, again.cookies) == (seen.device.pk, None)


def test_its_proof_changes_after_some_minutes(ash, seen):
    age(seen.device, devices.ROTATED_AFTER)
    again = devices.find(ash, seen.cookies, HOME)
    assert again.cookies.name == seen.cookies.name
    assert again.cookies.proof != seen.cookies.proof


def test_its_proof_changes_in_another_place(ash, seen):
    assert devices.find(ash, seen.cookies, "198.51.100.0/24 Firefox").cookies is not None


def test_the_proof_before_serves_the_pages_that_are_asked_for_beside(ash, seen):
    age(seen.device, devices.ROTATED_AFTER)
    devices.find(ash, seen.cookies, HOME)
    assert devices.find(ash, seen.cookies, HOME) is not None


def test_an_older_proof_was_copied_and_the_browser_is_forgotten(ash, seen):
    age(seen.device, devices.ROTATED_AFTER)
    newest = devices.find(ash, seen.cookies, HOME).cookies
    age(seen.device, devices.PROOF_GRACE)
    assert devices.find(ash, seen.cookies, HOME) is None
    assert devices.find(ash, newest, HOME) is None


def test_other_names_and_hosts_know_nothing(ash, birch, seen):
    assert devices.find(birch, seen.cookies, HOME) is None
    assert devices.find(ash, Cookies("dev-x", seen.cookies.proof), HOME) is None
    assert devices.find(ash, seen.cookies, HOME) is not None


def test_a_short_sign_in_ends_soon(seen, alice):
    devices.sign_in(seen.device, alice, is_remembered=False)
    assert len(devices.signed_in(seen.device)) == 1
    row = OAuthDeviceAccount.objects.get()
    row.signed_in_at -= devices.EPHEMERAL_FOR
    row.save()
    assert devices.signed_in(seen.device) == []


def test_who_was_taken_down_is_not_signed_in(seen, alice, announced):
    devices.sign_in(seen.device, alice, is_remembered=True)
    status.take_down(alice)
    assert devices.signed_in(seen.device) == []
    with pytest.raises(status.AccountTakedown):
        devices.sign_in(seen.device, alice, is_remembered=True)


def test_the_sweep_forgets_what_is_old(seen, alice):
    devices.sign_in(seen.device, alice, is_remembered=False)
    long_ago = timezone.now() - devices.FORGOTTEN_AFTER - timedelta(days=1)
    OAuthDeviceAccount.objects.update(signed_in_at=long_ago)
    devices.forget_unused()
    assert OAuthDevice.objects.exists()
    assert not OAuthDeviceAccount.objects.exists()


def test_the_sweep_soon_forgets_browsers_in_which_nobody_is_signed_in(ash, seen, alice):
    devices.create(ash, HOME)
    devices.sign_in(seen.device, alice, is_remembered=True)
    OAuthDevice.objects.update(last_seen_at=timezone.now() - devices.SIGNED_OUT_FOR)
    devices.forget_unused()
    assert OAuthDevice.objects.get() == seen.device
    long_ago = timezone.now() - devices.FORGOTTEN_AFTER
    OAuthDevice.objects.update(last_seen_at=long_ago)
    devices.forget_unused()
    assert not OAuthDevice.objects.exists()


def test_nobody_signs_in_with_a_password_that_was_changed_meanwhile(alice, seen):
    staff_overrides.set_password(Account.objects.get(pk=alice.pk), "another long password 7")
    with pytest.raises(InvalidLogin):
        devices.sign_in(seen.device, alice, is_remembered=True)
    assert devices.signed_in(seen.device) == []
