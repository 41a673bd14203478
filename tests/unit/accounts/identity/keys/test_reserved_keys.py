"""Keys made before their account."""

from datetime import timedelta

from django.utils import timezone

from accounts.identity.keys import reserved_keys
from accounts.models import ReservedKey, SigningKey

DID = "did:plc:" + "a" * 24


def test_a_did_gets_the_same_key_each_time(ash):
    assert reserved_keys.reserve(ash, DID) == reserved_keys.reserve(ash, DID)
    assert SigningKey.objects.count() == 1


def test_another_host_reserves_another_key(ash, birch):
    assert reserved_keys.reserve(ash, DID) != reserved_keys.reserve(birch, DID)


def test_without_a_did_each_request_gets_a_key_of_its_own(ash):
    assert reserved_keys.reserve(ash) != reserved_keys.reserve(ash)


def test_a_new_account_takes_the_reserved_key(ash):
    reserved = reserved_keys.reserve(ash, DID)
    assert reserved_keys.take(ash, DID) == reserved
    assert not ReservedKey.objects.exists()


def test_a_taken_key_is_not_handed_out_again(ash):
    reserved = reserved_keys.reserve(ash, DID)
    reserved_keys.take(ash, DID)
    assert reserved_keys.reserve(ash, DID) != reserved
    assert SigningKey.objects.filter(pk=reserved).exists()


def test_without_a_reservation_a_key_is_made(ash, birch):
    reserved = reserved_keys.reserve(birch, DID)
    made = reserved_keys.take(ash, DID)
    assert made != reserved
    assert SigningKey.objects.filter(pk=made).exists()


def test_a_key_that_nobody_came_for_is_thrown_away(ash):
    stale, young = reserved_keys.reserve(ash, DID), reserved_keys.reserve(ash)
    past = timezone.now() - reserved_keys.KEPT - timedelta(minutes=1)
    ReservedKey.objects.filter(did=DID).update(created_at=past)
    reserved_keys.forget_stale()
    assert list(SigningKey.objects.values_list("pk", flat=True)) == [young]
    assert stale != young
