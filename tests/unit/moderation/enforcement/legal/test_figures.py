"""Figures of a month: counted while it runs, and fixed once it is over."""

from datetime import UTC, date, datetime

import pytest

from hosting.models import Tenant
from moderation.enforcement import actions
from moderation.enforcement.actions import ActionInput
from moderation.enforcement.legal import figures
from moderation.models import AuditEntry, Decision

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = date(2031, 10, 1), date(2031, 11, 1)


@pytest.fixture
def tenant(ash, account, moderator, monkeypatch) -> Tenant:
    """Since October, with a takedown and a notice in it; now it is November."""
    monkeypatch.setattr(figures, "this_month", lambda: NOVEMBER)
    Tenant.objects.update(created_at=datetime(2031, 10, 5, tzinfo=UTC))
    actions.perform("take_down", moderator, account, ActionInput("spam", is_told=True))
    then = datetime(2031, 10, 31, 23, 59, tzinfo=UTC)
    move(AuditEntry, then)
    Decision.objects.update(told_at=then)
    return Tenant.objects.get(pk=ash.tenant_id)


def move(model, then) -> None:
    """To another moment, past the database's refusal."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        model.objects.update(created_at=then)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_each_month_has_its_own(tenant):
    assert figures.months(tenant) == [NOVEMBER, OCTOBER]
    october, november = figures.of_month(tenant, OCTOBER), figures.of_month(tenant, NOVEMBER)
    assert (october["account.take_down"], october["notices"]) == (1, 1)
    assert set(november.values()) == {0}


def test_a_closed_month_does_not_change(tenant, account, moderator):
    before = figures.of_month(tenant, OCTOBER)
    actions.perform("take_down", moderator, account, ActionInput("spam"))
    move(AuditEntry, datetime(2031, 10, 2, tzinfo=UTC))
    assert figures.of_month(tenant, OCTOBER) == before


def test_the_csv_has_a_line_a_month(tenant):
    lines = figures.as_csv(tenant, figures.months(tenant)).splitlines()
    assert [line.split(",")[0] for line in lines] == ["month", "2031-11", "2031-10"]
    assert len(lines[0].split(",")) == len(lines[2].split(",")) == len(figures.LABELS) + 1


def test_another_tenant_has_none_of_it(tenant, birch):
    assert set(figures.of_month(birch.tenant, OCTOBER).values()) == {0}
