"""Plans by the REST API: made, given to a tenant, and read by that tenant alone."""

from datetime import date

import pytest
from django.utils import timezone

from hosting.models import AccountDay, TenantDay
from hosting.plans import metering
from moderation.models import AuditEntry
from provider.api import documents
from tests.factories import account_row

pytestmark = pytest.mark.django_db


def test_a_plan_is_made_given_and_removed(ash, platform):
    made = platform.call("POST", "plans", {"slug": "club", "limits": {"accounts": 5}})
    assert (platform.status, made["limits"]) == (201, {"accounts": 5})
    changed = {"limits": {"accounts": None, "staff": 2}, "grace_days": 3}
    assert platform.call("PATCH", "plans/club", changed)["limits"] == changed["limits"]
    own = {"plan": "club", "limits": {"hosts": 4}}
    given = platform.call("PATCH", "tenants/ash/plan", own)
    held = {each["limit"]: (each["value"], each["source"]) for each in given["quotas"]}
    assert (held["staff"], held["hosts"]) == ((2, "plan"), (4, "tenant"))
    assert platform.call("DELETE", "plans/club")["error"] == "InUse"
    assert platform.call("PATCH", "tenants/ash/plan", {"plan": None, "limits": {}})["plan"] is None
    platform.call("DELETE", "plans/club")
    assert (platform.status, platform.call("GET", "plans")["items"]) == (204, [])


def test_a_limit_that_is_refused_leaves_the_plan_as_it_was(ash, platform):
    platform.call("POST", "plans", {"slug": "club"})
    platform.call("PATCH", "tenants/ash/plan", {"plan": "club", "limits": {"cats": 1}})
    assert platform.status == 400
    assert platform.call("GET", "tenants/ash/plan")["plan"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"slug": "a b"}, "slug"),
        ({"slug": "a", "limits": {"cats": 1}}, "cats"),
        ({"slug": "a", "limits": {"staff": -1}}, "limits"),
        ({"slug": "a", "grace_days": 1000}, "grace-days"),
    ],
)
def test_what_is_wrong_has_its_field(platform, body, field):
    answer = platform.call("POST", "plans", body)
    assert (platform.status, answer["field"].partition(".")[0]) == (400, field)


def test_usage_is_read_by_day_month_and_account(ash, client_of):
    day = {"tenant_id": ash.tenant_id, "day": date(2026, 5, 4), "writes": 3, "uploads": 0}
    stock = {"records": 9, "repo_bytes": 90, "blob_bytes": 0}
    AccountDay.objects.create(account_id=7, did="did:plc:a", **day, **stock)
    counted = {"accounts": 1, "active_accounts": 1, "mails": 0, "tenant_slug": "ash"}
    TenantDay.objects.create(**day, **stock, **counted, counted_at=timezone.now())
    metering.close(date(2026, 5, 1))
    ours, base = client_of(ash.tenant), "tenants/ash/usage"
    assert ours.call("GET", f"{base}?month=2026-05")["items"][0]["writes"] == 3
    assert ours.call("GET", f"{base}/months")["items"][0]["month"] == "2026-05"
    found = ours.call("GET", f"{base}/accounts?day=2026-05-04&limit=1")
    assert (found["items"][0]["did"], found["cursor"]) == ("did:plc:a", "7")
    assert ours.call("GET", f"{base}/accounts?day=x")["field"] == "day"
    assert ours.call("GET", "tenants/birch/usage")["error"] == "NotFound"


def test_a_tenant_sees_its_own_plan_alone(ash, birch, client_of):
    ours = client_of(ash.tenant)
    assert ours.call("GET", "tenants/ash/plan")["plan"] is None
    assert ours.call("GET", "tenants/birch/plan")["error"] == "NotFound"


def test_usage_is_described_as_it_is_answered():
    for address, kind in (("usage", "UsageDayPage"), ("usage/months", "UsageMonthPage")):
        described = documents.document()["paths"][f"/api/v1/tenants/{{slug}}/{address}"]["get"]
        schema = described["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{kind}"}


def test_an_accounts_own_limits_are_set_and_shown_with_where_each_comes_from(ash, platform):
    where = f"hosts/localhost/accounts/{account_row(ash, 'anna').did}/limits"
    held = {each["limit"]: each for each in platform.call("GET", where)["quotas"]}
    assert held["account-records"] == {
        "limit": "account-records", "value": None, "source": "platform", "used": 0,
    }  # fmt: skip
    given = platform.call("PUT", where, {"limits": {"account-records": 5}})
    held = {each["limit"]: (each["value"], each["source"]) for each in given["quotas"]}
    assert (given["limits"], held["account-records"]) == ({"account-records": 5}, (5, "account"))
    assert platform.call("PUT", where, {"limits": {"accounts": 5}})["field"] == "accounts"
    assert platform.call("PUT", where, {"limits": {}})["limits"] == {}


def test_a_tenant_gives_an_account_no_more_than_its_plan_does(ash, platform, client_of):
    platform.call("PATCH", "tenants/ash/plan", {"limits": {"account-records": 10}})
    ours = client_of(ash.tenant)
    where = f"hosts/localhost/accounts/{account_row(ash, 'anna').did}/limits"
    for value, status in ((10, 200), (11, 400), (None, 400), (3, 200)):
        ours.call("PUT", where, {"limits": {"account-records": value}})
        assert ours.status == status
    platform.call("PUT", where, {"limits": {"account-records": 99}})
    kept = {"account-records": 99, "account-writes-a-day": 7}  # what the provider gave may stay
    assert ours.call("PUT", where, {"limits": kept})["limits"] == kept
    assert AuditEntry.objects.filter(action="account.change_limits").count() == 4
