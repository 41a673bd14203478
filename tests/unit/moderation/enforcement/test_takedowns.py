"""Takedowns: who may, with what reason, and what happens at once."""

import pytest
from django.db import ProgrammingError, transaction

from accounts.identity.handles import allocation
from accounts.models import Account
from accounts.signals import account_status_changed
from moderation import permissions
from moderation.enforcement import takedowns
from moderation.models import AuditEntry
from repos.models import Event, Repo
from repos.reads import refusals, repos

pytestmark = pytest.mark.django_db


def reloaded(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def kinds_of(account: Account) -> list[int]:
    return list(Event.objects.filter(did=account.did).order_by("id").values_list("kind", flat=True))


def test_takedown_shows_in_the_account_and_the_repo(moderator, account):
    takedowns.take_down(moderator, account, "spam")
    assert reloaded(account).status == "takendown"
    assert Repo.objects.get(pk=account.pk).status == "takendown"


def test_takedown_hides_the_repo_from_readers(moderator, account):
    takedowns.take_down(moderator, account, "spam")
    with pytest.raises(refusals.RepoTakendown):
        repos.active_repo(account.host, account.did)


def test_takedown_stops_the_handle_from_resolving(moderator, account):
    assert allocation.resolve(account.host, account.handle) == account.did
    takedowns.take_down(moderator, account, "spam")
    assert allocation.resolve(account.host, account.handle) is None


def test_takedown_is_announced_on_the_firehose(moderator, account):
    before = len(kinds_of(account))
    takedowns.take_down(moderator, account, "spam")
    assert len(kinds_of(account)) == before + 1


def test_repeated_takedown_is_announced_and_recorded_again(moderator, account):
    takedowns.take_down(moderator, account, "spam")
    before = len(kinds_of(account))
    takedowns.take_down(moderator, account, "still spam")
    assert len(kinds_of(account)) == before + 1
    assert AuditEntry.objects.about(account.did).count() == 2


def test_restore_brings_everything_back(moderator, account):
    takedowns.take_down(moderator, account, "spam")
    takedowns.restore(moderator, account, "it was satire")
    assert reloaded(account).status == "active"
    assert Repo.objects.get(pk=account.pk).status == "active"
    assert allocation.resolve(account.host, account.handle) == account.did


def test_the_log_says_who_did_what_to_whom_and_why(moderator, account):
    entry = takedowns.take_down(moderator, account, "  spam  ")
    assert (entry.staff, entry.action) == (moderator, "account.take_down")
    assert (entry.subject_did, entry.subject_handle) == (account.did, account.handle)
    assert (entry.host, entry.reason) == (account.host, "spam")


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_no_reason_no_takedown(moderator, account, reason):
    with pytest.raises(permissions.ReasonNeeded):
        takedowns.take_down(moderator, account, reason)
    assert reloaded(account).status == "active"


@pytest.mark.parametrize("role", ["triage", "support", "auditor"])
@pytest.mark.parametrize("verb", [takedowns.take_down, takedowns.restore])
def test_those_who_sort_help_or_look_may_not_act(ash, staff_of, account, verb, role):
    with pytest.raises(permissions.NotAllowed):
        verb(staff_of(ash, role), account, "because")
    assert not AuditEntry.objects.exists()


def test_another_tenants_owner_may_not_act(birch, staff_of, account):
    with pytest.raises(permissions.NotAllowed):
        takedowns.take_down(staff_of(birch, "owner"), account, "envy")
    assert reloaded(account).status == "active"


def test_platform_staff_may_act_everywhere(provider, account):
    takedowns.take_down(provider, account, "court order")
    assert reloaded(account).status == "takendown"


def test_a_takedown_that_cannot_be_announced_does_not_happen(moderator, account):
    def broken(**_):
        raise RuntimeError("no event today")

    account_status_changed.connect(broken)
    try:
        with pytest.raises(RuntimeError, match="no event"), transaction.atomic():
            takedowns.take_down(moderator, account, "spam")
    finally:
        account_status_changed.disconnect(broken)
    assert reloaded(account).status == "active"
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_audit_log_is_append_only(moderator, account, change):
    entry = takedowns.take_down(moderator, account, "spam")
    rows = AuditEntry.objects.filter(pk=entry.pk)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        rows.update(reason="nothing") if change == "update" else rows.delete()
    assert AuditEntry.objects.get(pk=entry.pk).reason == "spam"
