"""How many codes an account earns: intervals, epochs, gifts, five at most, races."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.invites import codes as invites
from accounts.invites import earned as earned_invites
from accounts.models import Account, InviteCode
from hosting.models import Host
from tests.factories import account_row

DAY = timedelta(days=1)


@pytest.fixture
def host(ash):
    ash.admission, ash.invite_interval = "invite", DAY
    ash.save()
    return ash


def aged(host, days, **changes) -> Account:
    account = account_row(host, **changes)
    Account.objects.filter(pk=account.pk).update(created_at=timezone.now() - days * DAY)
    return Account.objects.select_related("host").get(pk=account.pk)


def use_up(codes) -> None:
    for number, code in enumerate(codes):
        invites.spend(code.host, code.code, f"did:plc:{code.pk}x{number}")


def test_a_new_account_has_earned_nothing(host):
    assert earned_invites.earn(aged(host, 0)) == []


def test_each_interval_earns_one(host):
    alice = aged(host, 2.5)
    assert [code.created_by for code in earned_invites.earn(alice)] == [alice.did] * 2


def test_asking_again_earns_no_more(host):
    alice = aged(host, 2.5)
    earned_invites.earn(alice)
    assert len(earned_invites.earn(alice)) == 2


def test_used_codes_are_not_earned_again(host):
    alice = aged(host, 2.5)
    use_up(earned_invites.earn(alice))
    assert len(earned_invites.earn(alice)) == 2


def test_at_most_five_lie_about_unused(host):
    alice = aged(host, 30)
    assert len(earned_invites.earn(alice)) == 5
    use_up(earned_invites.of_account(alice)[:2])
    assert len(earned_invites.earn(alice)) == 7


def test_gifts_count_for_nothing(host):
    alice = aged(host, 2.5)
    invites.give(host, for_accounts=[alice.did], codes_each=6, uses_each=1)
    assert len(earned_invites.earn(alice)) == 8


def test_time_before_the_epoch_earns_nothing(host):
    host.invite_epoch = timezone.now() - 3.5 * DAY
    host.save()
    # Ten intervals in all, six of which had ended by then.
    assert len(earned_invites.earn(aged(host, 10))) == 4


def test_codes_of_before_the_epoch_still_lie_about(host):
    host.invite_epoch = timezone.now() - 3.5 * DAY
    host.save()
    alice = aged(host, 10)
    codes = earned_invites.earn(alice)
    InviteCode.objects.filter(pk__in=[c.pk for c in codes]).update(
        created_at=timezone.now() - 5 * DAY
    )
    assert len(earned_invites.earn(alice)) == 5


def test_a_host_without_an_interval_gives_none(host):
    host.invite_interval = None
    host.save()
    assert earned_invites.earn(aged(host, 10)) == []


def test_a_host_that_asks_for_no_codes_gives_none(host):
    host.admission = "open"
    host.save()
    assert earned_invites.earn(aged(host, 10)) == []


def test_who_may_not_invite_earns_disabled_ones(host):
    alice = aged(host, 2.5)
    invites.set_permission(alice, is_disabled=True)
    assert [code.is_disabled for code in earned_invites.earn(alice)] == [True, True]
    invites.set_permission(alice, is_disabled=False)
    assert len(earned_invites.earn(alice)) == 2


@given(age=st.floats(0, 40), epoch_age=st.none() | st.floats(0, 60), codes=st.integers(0, 12))
def test_never_more_than_five_and_never_fewer_than_none(age, epoch_age, codes):
    now = timezone.now()
    epoch = now - epoch_age * DAY if epoch_age is not None else None
    account = Account(host=Host(invite_epoch=epoch), did="did:plc:a", created_at=now - age * DAY)
    own = [
        InviteCode(created_by="did:plc:a", available_count=1, created_at=now) for _ in range(codes)
    ]
    earned = earned_invites.earned_count(account, DAY, own, now)
    assert 0 <= earned <= 5
    assert earned == 0 or codes + earned <= min(5, age + 1)


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_earn_what_one_would(host):
    alice = aged(host, 3.5)

    def run():
        earned_invites.earn(alice)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(earned_invites.of_account(alice)) == 3
