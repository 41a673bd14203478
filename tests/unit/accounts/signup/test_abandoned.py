"""Sign-ups that nobody decided."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.identity.plc import client, submit
from accounts.models import Account, PlcOperation, SigningKey
from accounts.signup import abandoned, sign_up
from accounts.signup.rules import check
from protocol.did import plc as did_plc
from tests.factories import wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def genesis(ash, plc):
    return sign_up.begin(ash, check(ash, wanted()))


def age(kind, **delta):
    operations = PlcOperation.objects.filter(kind=kind)
    operations.update(created_at=timezone.now() - timedelta(**delta))


def tombstone() -> PlcOperation:
    return PlcOperation.objects.get(kind="tombstone")


def publish_tombstone():
    PlcOperation.objects.filter(kind="tombstone").update(next_attempt_at=timezone.now())
    submit.attempt(tombstone().pk)


@pytest.fixture
def withdrawn(genesis):
    age("genesis", minutes=31)
    abandoned.withdraw_stale()
    genesis.refresh_from_db()
    return genesis


def test_half_an_hour_is_waited(genesis):
    age("genesis", minutes=29)
    abandoned.withdraw_stale()
    assert Account.objects.exists()


def test_after_that_handle_and_email_are_free_again(withdrawn):
    assert (withdrawn.state, withdrawn.account) == ("withdrawn", None)
    assert not Account.objects.exists()
    assert not SigningKey.objects.exists()


def test_a_published_sign_up_is_never_withdrawn(genesis):
    submit.submit(genesis.pk)
    age("genesis", minutes=31)
    abandoned.withdraw_stale()
    assert Account.objects.get().is_active


def test_an_attempt_that_ends_after_the_withdrawal_opens_nothing(withdrawn):
    submit.confirm(withdrawn)
    assert not Account.objects.exists()


def test_a_did_that_turns_up_later_is_tombstoned(withdrawn, plc):
    client.post(withdrawn.did, withdrawn.operation)
    publish_tombstone()
    assert tombstone().state == "published"
    assert client.newest_cid(withdrawn.did) == tombstone().cid


def test_a_did_that_is_not_there_gets_no_tombstone(withdrawn, plc):
    publish_tombstone()
    assert tombstone().state == "waiting"
    assert plc.posts == []


def test_the_tombstone_waits_for_the_last_attempt_to_end(withdrawn):
    assert tombstone().next_attempt_at > timezone.now() + timedelta(seconds=1)


def test_the_tombstone_follows_the_genesis_by_the_hosts_key(ash, withdrawn):
    operation = tombstone().operation
    assert operation["prev"] == withdrawn.cid
    assert did_plc.signer_of(operation, [ash.rotation_did_key])


def test_a_tombstone_that_found_nothing_for_a_day_is_dropped(withdrawn):
    age("tombstone", hours=25)
    abandoned.withdraw_stale()
    assert tombstone().state == "withdrawn"


def test_the_same_person_can_sign_up_again(ash, withdrawn, plc):
    assert sign_up.sign_up(ash, wanted()).is_active
