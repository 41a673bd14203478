"""Labels that a tenant has chosen also take down, and give back what they took down."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from moderation.enforcement import takedowns
from moderation.labels import changes
from moderation.labels.hiding import lift_expired
from moderation.models import Label
from protocol.errors import InvalidRequest
from repos.lifecycle import record_takedowns
from repos.models import Repo
from repos.reads import repos
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import put

pytestmark = pytest.mark.django_db(transaction=True)
WHY = {"actor": "admin", "reason": "seen"}


@pytest.fixture
def hiding(labeler):
    labeler.hides = ["!hide", "!takedown"]
    labeler.save()
    return labeler


def is_down(account: Account) -> bool:
    return Account.objects.get(pk=account.pk).taken_down_at is not None


def test_a_label_that_was_chosen_takes_the_account_down_and_gives_it_back(hiding, account):
    changes.put(hiding, account.did, "!hide", **WHY)
    assert is_down(account)
    changes.negate(hiding, account.did, "!hide", **WHY)
    assert not is_down(account)


def test_a_label_that_was_not_chosen_only_says_so(hiding, account):
    changes.put(hiding, account.did, "!suspend", **WHY)
    changes.put(hiding, account.did, "spam", **WHY)
    assert not is_down(account)


def test_what_staff_took_down_stays_down(hiding, account):
    takedowns.take_down("admin", account, "by hand")
    changes.put(hiding, account.did, "!hide", **WHY)
    changes.negate(hiding, account.did, "!hide", **WHY)
    assert is_down(account)


def test_a_record_is_hidden_and_shown_again(hiding, account):
    repo = repos.find_repo(account.host, account.did)
    put(repo, "a")
    uri = f"at://{account.did}/com.example.thing/a"
    changes.put(hiding, uri, "!takedown", **WHY)
    assert record_takedowns.state(repo, "com.example.thing", "a").ref
    changes.negate(hiding, uri, "!takedown", **WHY)
    assert record_takedowns.state(repo, "com.example.thing", "a").ref is None


def test_a_label_that_is_over_gives_back_what_it_took_down(hiding, account):
    repo = repos.find_repo(account.host, account.did)
    put(repo, "a")
    until = timezone.now() + timedelta(hours=1)
    for uri in (account.did, f"at://{account.did}/com.example.thing/a"):
        changes.put(hiding, uri, "!hide", expires_at=until, **WHY)
    lift_expired()
    assert is_down(account)
    Label.objects.update(expires_at=timezone.now())
    lift_expired()
    assert not is_down(account)
    assert record_takedowns.state(repo, "com.example.thing", "a").ref is None


def test_a_label_of_a_repo_that_is_gone_keeps_no_other_from_its_end(hiding, account):
    gone = open_account(account.host)
    until = timezone.now() + timedelta(hours=1)
    for uri in (f"at://{gone.did}/com.example.thing/a", account.did):
        changes.put(hiding, uri, "!hide", expires_at=until, **WHY)
    Repo.objects.filter(did=gone.did).delete()
    Label.objects.update(expires_at=timezone.now())
    lift_expired()
    assert not is_down(account)


def test_a_label_that_cannot_be_lifted_keeps_no_other_from_its_end(hiding, account, monkeypatch):
    stuck, until = open_account(account.host), timezone.now() + timedelta(hours=1)
    for each in (stuck, account):
        changes.put(hiding, each.did, "!hide", expires_at=until, **WHY)
    Label.objects.update(expires_at=timezone.now())
    restore = takedowns.restore

    def refuse(actor, whose, reason):
        if whose == stuck:
            raise InvalidRequest("not now")
        restore(actor, whose, reason)

    monkeypatch.setattr(takedowns, "restore", refuse)
    lift_expired()
    assert (is_down(stuck), is_down(account)) == (True, False)


def test_an_account_that_is_back_is_not_looked_at_again(hiding, account, django_assert_num_queries):
    until = timezone.now() + timedelta(hours=1)
    changes.put(hiding, account.did, "!hide", expires_at=until, **WHY)
    Label.objects.update(expires_at=timezone.now())
    lift_expired()
    with django_assert_num_queries(1):
        lift_expired()


def test_what_staff_took_down_after_a_label_stays_down_when_it_is_over(hiding, account):
    until = timezone.now() + timedelta(hours=1)
    changes.put(hiding, account.did, "!hide", expires_at=until, **WHY)
    takedowns.take_down("admin", account, "by hand", ref="ticket 7")
    Label.objects.update(expires_at=timezone.now())
    lift_expired()
    assert is_down(account)


def test_nobody_of_another_tenant_is_touched(hiding, birch):
    theirs = open_account(birch)
    changes.put(hiding, theirs.did, "!hide", **WHY)
    assert not is_down(theirs)
