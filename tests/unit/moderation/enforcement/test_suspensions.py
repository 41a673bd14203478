"""Suspensions: until a date, lifted by the sweep, beside a takedown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import status
from accounts.authentication import sessions
from accounts.models import Account, Session
from moderation import permissions
from moderation.enforcement import suspensions
from moderation.models import AuditEntry
from repos.models import Repo

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def reloaded(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def suspended(moderator, account, until=None) -> Account:
    suspensions.suspend(moderator, account, "spam", until or timezone.now() + DAY)
    return reloaded(account)


def its_time_is_over(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(suspended_until=timezone.now())


def test_a_suspended_account_and_its_repo_say_so(moderator, account):
    assert suspended(moderator, account).status == "suspended"
    assert Repo.objects.get(pk=account.pk).status == "suspended"


def test_its_owner_stays_signed_in(moderator, account):
    sessions.begin(account)
    suspended(moderator, account)
    assert Session.objects.filter(account=account).exists()


def test_the_sweep_lifts_what_is_over_once(moderator, account):
    suspended(moderator, account)
    its_time_is_over(account)
    assert (suspensions.lift_due(), suspensions.lift_due()) == (1, 0)
    assert reloaded(account).status == "active"
    entry = AuditEntry.objects.about(account.did).first()
    assert (entry.action, entry.actor) == ("account.lift_suspension", "automatic")


def test_the_sweep_leaves_what_is_not_over(moderator, account):
    suspended(moderator, account)
    assert suspensions.lift_due() == 0
    assert reloaded(account).status == "suspended"


def test_a_takedown_shows_and_stays_when_the_suspension_is_over(moderator, account):
    suspended(moderator, account)
    status.take_down(account)
    its_time_is_over(account)
    suspensions.lift_due()
    assert reloaded(account).status == "takendown"
    assert status.restore(account).status == "active"


def test_a_deactivation_underneath_shows_again(moderator, account):
    Account.objects.filter(pk=account.pk).update(deactivated_at=timezone.now())
    suspended(moderator, account)
    suspensions.lift(moderator, account, "served")
    assert reloaded(account).status == "deactivated"


@pytest.mark.parametrize("ahead", [-DAY, timedelta(0), timedelta(days=6 * 366)])
def test_an_end_that_is_past_or_far_is_refused(moderator, account, ahead):
    with pytest.raises(suspensions.UnfitEnd):
        suspensions.suspend(moderator, account, "spam", timezone.now() + ahead)


def test_another_tenants_owner_may_not_suspend(birch, staff_of, account):
    with pytest.raises(permissions.NotAllowed):
        suspended(staff_of(birch, "owner"), account)
