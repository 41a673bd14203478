"""Quotas: whose word holds, grace, and what is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hosting.models import Host, Plan, Tenant
from hosting.plans import limits, quotas
from hosting.plans.limits import Limit
from hosting.plans.quotas import QuotaExceeded, Source


def tenant(**fields) -> Tenant:
    return Tenant(slug="ash", plan=Plan(slug="club", limits={"accounts": 5}), **fields)


@pytest.mark.parametrize(
    ("own", "which", "value", "source"),
    [
        ({}, Limit.ACCOUNTS, 5, Source.PLAN),
        ({"accounts": 7}, Limit.ACCOUNTS, 7, Source.TENANT),
        ({"accounts": None}, Limit.ACCOUNTS, None, Source.TENANT),
        ({}, Limit.STAFF, None, Source.PLATFORM),
    ],
)
def test_whoever_says_it_first_is_right(own, which, value, source):
    found = quotas.limit(tenant(limits=own), which)
    assert (found.value, found.source) == (value, source)


def test_an_accounts_files_are_limited_by_platform_plan_host_tenant_and_account(settings):
    settings.BLOB_QUOTA_BYTES = 100
    which, host = Limit.ACCOUNT_BLOB_BYTES, Host()
    assert quotas.limit(tenant(), which, host).value == 100
    host.blob_quota_bytes = 90
    assert quotas.limit(tenant(), which, host).source == Source.HOST
    own = tenant(limits={which: 80})
    assert quotas.limit(own, which, host).value == 80
    assert quotas.limit_of_account(own, which, host, {which: None}).source == Source.ACCOUNT


@pytest.mark.parametrize(("before", "value"), [(9, 9), (None, None), (3, 5)])
def test_in_grace_the_greater_limit_holds(before, value):
    ends = timezone.now() + timedelta(days=1)
    found = quotas.limit(
        tenant(grace_until=ends, limits_before={"accounts": before}), Limit.ACCOUNTS
    )
    assert found.value == value


def test_a_refusal_says_the_figures():
    with pytest.raises(QuotaExceeded, match="The tenant's limit is 5 accounts; it uses 5"):
        quotas.check(tenant(), Limit.ACCOUNTS, 5)
    quotas.check(tenant(), Limit.ACCOUNTS, 4)


@pytest.mark.parametrize("value", [-1, 1.5, True, "many", 2**60])
def test_a_limit_is_a_whole_number(value):
    assert limits.fault_in("accounts", value)
    assert limits.fault_in("cats", 1)
    assert not limits.fault_in("accounts", 0)
