"""Suspended tenants: what the firehose is told, account by account, and taken back."""

from datetime import timedelta

import pytest

from accounts import status
from accounts.lifecycle import activation
from accounts.models import Account
from hosting.models import Tenant
from hosting.tenancy import routing, suspension
from moderation.audit import OPERATOR
from moderation.models import AuditEntry
from protocol.event_stream.frames import EventKind
from provider.errors import InvalidField
from provider.jobs import running
from provider.models import Job
from provider.tenancy import host_settings, suspensions, tenants
from tests.factories import open_account
from tests.unit.repos.events.firehose import stream

pytestmark = pytest.mark.django_db
WHY = "The contract has ended."


@pytest.fixture(autouse=True)
def by_hand(settings):
    settings.VALKEY_URL = ""
    routing.forget()


def go_on(tenant) -> None:
    """The attempt that a sweep would make when its time has come."""
    Job.objects.filter(tenant=tenant).make_due()
    running.queue.sweep()


def said(account: Account) -> list[str]:
    bodies = [body for kind, body in stream.events(account.pk) if kind is EventKind.ACCOUNT]
    return ["active" if body["active"] else body["status"] for body in bodies]


def test_each_active_account_is_announced_once_and_taken_back(ash, birch):
    here, other = [open_account(ash) for _ in range(3)], open_account(birch)
    gone = open_account(ash)
    status.take_down(gone)
    suspended = suspensions.suspend(ash.tenant, OPERATOR, reason=WHY)
    go_on(suspended)
    go_on(suspended)
    assert [said(account) for account in here] == [["active", "suspended"]] * 3
    suspensions.resume(ash.tenant, OPERATOR)
    go_on(suspended)
    assert [said(account) for account in here] == [["active", "suspended", "active"]] * 3
    assert said(gone) == ["active", "takendown"]
    assert said(other) == ["active"]
    assert not Account.objects.exclude(announced_suspended_at=None).exists()


def test_accounts_are_announced_at_a_pace(ash, settings):
    settings.ANNOUNCEMENTS_PER_HOUR = 120
    here = [open_account(ash) for _ in range(5)]
    tenant = suspensions.suspend(ash.tenant, OPERATOR, reason=WHY)
    told = []
    for _ in range(3):
        go_on(tenant)
        told.append(sum("suspended" in said(account) for account in here))
    assert told == [2, 4, 5]


def test_only_those_who_were_announced_are_taken_back(ash, settings):
    settings.ANNOUNCEMENTS_PER_HOUR = 60
    first, second = open_account(ash), open_account(ash)
    go_on(suspensions.suspend(ash.tenant, OPERATOR, reason=WHY))
    go_on(suspensions.resume(ash.tenant, OPERATOR))
    assert said(first) == ["active", "suspended", "active"]
    assert said(second) == ["active"]


def test_nothing_is_announced_before_every_process_knows(ash, monkeypatch):
    monkeypatch.setattr(suspensions, "SETTLED_AFTER", timedelta(seconds=6))
    account = open_account(ash)
    go_on(suspensions.suspend(ash.tenant, OPERATOR, reason=WHY))
    assert said(account) == ["active"]
    assert Job.objects.get().state == Job.State.WAITING


def test_who_changes_meanwhile_is_shown_as_suspended(ash):
    account = open_account(ash)
    activation.deactivate(account)
    tenant = suspensions.suspend(ash.tenant, OPERATOR, reason=WHY)
    status.restore(Account.objects.get(pk=account.pk))
    Account.objects.filter(pk=account.pk).update(deactivated_at=None)
    status.restore(Account.objects.get(pk=account.pk))
    go_on(suspensions.resume(tenant, OPERATOR))
    assert said(account) == ["active", "deactivated", "deactivated", "suspended", "active"]


def test_a_setting_that_is_changed_at_the_same_moment_ends_no_suspension(ash):
    by_setting, by_field = (
        Tenant.objects.get(pk=ash.tenant_id),
        Tenant.objects.get(pk=ash.tenant_id),
    )
    suspensions.suspend(ash.tenant, OPERATOR, reason=WHY)
    ash.tenant = by_setting
    host_settings.change(ash, {"wants-second-factors": "on"}, OPERATOR)
    tenants.change(by_field, {"name": "Ash Trees"}, OPERATOR)
    found = Tenant.objects.get(pk=ash.tenant_id)
    assert found.suspended_at is not None
    assert (found.wants_second_factors, found.name) == (True, "Ash Trees")


def test_a_suspension_needs_a_reason_and_is_on_the_record(ash):
    with pytest.raises(InvalidField):
        suspensions.suspend(ash.tenant, OPERATOR, reason=" ")
    assert not suspension.is_suspended(ash)
    suspensions.suspend(ash.tenant, OPERATOR, reason=WHY)
    suspensions.resume(ash.tenant, OPERATOR)
    suspensions.resume(ash.tenant, OPERATOR)
    noted = AuditEntry.objects.order_by("pk").values_list("reason", flat=True)
    assert [*noted] == [f"suspended: {WHY}", "resumed"]
