"""Limits of staff: how often one member takes an action, as their tenant has it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from moderation import action_limits, audit
from moderation.action_limits import ActionLimitReached, PerMember
from moderation.models import ActionLimit, AuditEntry
from moderation.permissions import NotAllowed
from moderation.staff import tenant_settings

pytestmark = pytest.mark.django_db
Action = AuditEntry.Action
TWO_AN_HOUR = {"account.warn": PerMember(2, 3)}


def warn(who, host, count: int = 1) -> None:
    for _ in range(count):
        audit.record_at_host(who, host, Action.ACCOUNT_WARN, "rude")


def an_hour_later() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # the log is append-only
        AuditEntry.objects.update(created_at=timezone.now() - timedelta(hours=2))
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def owner(ash, staff_of):
    return staff_of(ash, "owner")


@pytest.fixture
def limited(ash, owner):
    tenant_settings.set_action_limits(owner, ash, TWO_AN_HOUR)
    return ash


def test_nobody_is_limited_where_nobody_says_so(ash, moderator):
    warn(moderator, ash, 5)
    assert set(action_limits.of_tenant(ash.tenant_id).values()) == {PerMember()}


def test_each_of_the_staff_is_counted_alone_and_owners_not_at_all(
    limited, moderator, owner, staff_of
):
    warn(moderator, limited, 2)
    with pytest.raises(ActionLimitReached):
        warn(moderator, limited)
    warn(staff_of(limited, "triage"), limited, 2)
    warn(owner, limited, 4)
    audit.record_at_host(moderator, limited, Action.ACCOUNT_STRIKE, "another action")


def test_an_hour_later_there_is_what_the_day_leaves(limited, moderator):
    warn(moderator, limited, 2)
    an_hour_later()
    warn(moderator, limited)
    with pytest.raises(ActionLimitReached):
        warn(moderator, limited)


def test_how_an_action_ended_is_written_down_whatever_the_limit(limited, moderator, account):
    warn(moderator, limited)
    with audit.outside_of_a_transaction(moderator, account, Action.ACCOUNT_WARN, "asks a network"):
        pass
    assert AuditEntry.objects.filter(action=Action.ACCOUNT_WARN).count() == 3
    with pytest.raises(ActionLimitReached):
        warn(moderator, limited)


def test_another_tenants_limits_and_deeds_do_not_count(limited, birch, moderator, staff_of):
    warn(staff_of(birch, "moderator"), birch, 5)
    assert ActionLimit.objects.get().tenant == limited.tenant
    with pytest.raises(NotAllowed):
        tenant_settings.set_action_limits(moderator, limited, {})


def test_a_limit_is_lifted_by_leaving_it_out_on_the_record(limited, owner):
    tenant_settings.set_action_limits(owner, limited, {})
    assert not ActionLimit.objects.exists()
    said = AuditEntry.objects.filter(action=Action.HOST_CHANGE_SETTINGS)
    assert list(said.order_by("pk").values_list("reason", flat=True)) == [
        "limits of staff: account.warn: 2 an hour, 3 a day", "limits of staff: none",
    ]  # fmt: skip


def test_the_same_limits_again_are_no_change(limited, owner):
    tenant_settings.set_action_limits(owner, limited, TWO_AN_HOUR)
    assert AuditEntry.objects.filter(action=Action.HOST_CHANGE_SETTINGS).count() == 1
