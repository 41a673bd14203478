"""Quotas: what a tenant and its accounts may use, who says so, and what they have used.

A limit is the account's own, else its tenant's own, else the plan's, else the platform's; for the
bytes of an account's files a host's setting goes before the plan's. While a tenant is in grace, the
greater one of what held before and what holds now does. What holds for the accounts of a host is
looked up together with the host (hosting.tenancy.routing) and remembered as long as it is.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, Plan, Tenant, TenantUsage
from hosting.plans.limits import KINDS, OF_ACCOUNT, OF_TENANT, OF_WRITES, Limit, Limits
from protocol.errors import InvalidRequest
from server.cache.eviction import make_room
from server.database import connection

REMEMBERED_S: Final = 3.0  # as hosts are
REMEMBERED: dict[int, tuple[float, "HostLimits"]] = {}
_REMEMBERED_MAX: Final = 500  # as hosts are
_LOCKS: Final = 0x706C616E  # "plan": the first of an advisory lock's keys, a limit each


class Source(StrEnum):
    """Who says what a limit is."""

    PLATFORM = "platform"
    PLAN = "plan"
    TENANT = "tenant"
    HOST = "host"
    ACCOUNT = "account"
    GRACE = "grace"


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit as it holds. `value` None: none. `used` None: not counted for whom it is about."""

    limit: Limit
    value: int | None
    source: Source
    used: int | None = None

    @property
    def per_cent(self) -> int | None:
        """How much of it is used, rounded down; None where there is no limit."""
        if self.value is None or self.used is None:
            return None
        return 100 * self.used // self.value if self.value else (100 if self.used else 0)


class QuotaExceeded(InvalidRequest):
    """400: there is no room for it. Not 429: trying again does not help."""

    name = "QuotaExceeded"
    page_text = _("The limit of the plan is reached.")

    def __init__(self, limit: Limit, value: int, used: int) -> None:
        whose = "account" if limit.is_of_account else "tenant"
        counted = limit.removeprefix("account-")
        super().__init__(f"The {whose}'s limit is {value} {counted}; it uses {used}")
        self.limit, self.value, self.used = limit, value, used


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What holds for each account of a host (those limits that there are), and, for the whole
    tenant, limits with what was used when it was last counted."""

    tenant_id: int
    of_account: Mapping[Limit, int] = field(default_factory=dict)
    of_tenant: Mapping[Limit, tuple[int, int]] = field(default_factory=dict)
    limits_writes: bool = False  # whether any of them is about records

    def for_account(self, own: Limits | None) -> Mapping[Limit, int]:
        """What holds for an account that has limits of its own."""
        if not own:
            return self.of_account
        given = {limit: own[limit] for limit in OF_ACCOUNT if limit in own}
        kept = {limit: value for limit, value in self.of_account.items() if limit not in given}
        return kept | {limit: value for limit, value in given.items() if value is not None}


def of_host(host_id: int) -> HostLimits:
    """What holds at a host; a statement only where nobody has looked up the host lately."""
    until, known = REMEMBERED.get(host_id, (0.0, None))
    if known is not None and until > time.monotonic():
        return known
    host = Host.objects.select_related("tenant__plan", "tenant__usage").filter(pk=host_id).first()
    return remember(host) if host is not None else HostLimits(0)


def remember(host: Host) -> HostLimits:
    """Keep what holds at a host that was looked up with its tenant, plan and usage."""
    found = _of(host)
    make_room(REMEMBERED, _REMEMBERED_MAX)
    REMEMBERED[host.pk] = (time.monotonic() + REMEMBERED_S, found)
    return found


def forget() -> None:
    """Forget what was remembered; for whoever has just changed a limit."""
    REMEMBERED.clear()


def limit(tenant: Tenant, which: Limit, host: Host | None = None) -> Quota:
    """What holds for a tenant, or for each account of one of its hosts. No statement where the
    tenant came with its plan."""
    value, source = _stated(tenant, which, host)
    if tenant.grace_until is not None and tenant.grace_until > timezone.now():
        before = tenant.limits_before.get(which, value)
        if value is not None and (before is None or before > value):
            return Quota(which, before, Source.GRACE)
    return Quota(which, value, source)


def limit_of_account(
    tenant: Tenant, which: Limit, host: Host | None = None, own: Limits | None = None
) -> Quota:
    """What holds for one account, which may have limits of its own."""
    if own and which in own:
        return Quota(which, own[which], Source.ACCOUNT)
    return limit(tenant, which, host)


def usage(tenant: Tenant) -> tuple[Quota, ...]:
    """Every limit of a tenant with what is used of it, as counted some minutes ago: one statement,
    and none where the tenant came with `plan` and `usage`."""
    counted = counted_usage(tenant)
    used = used_today(counted) if counted is not None else {}
    found = (limit(tenant, which) for which in OF_TENANT)
    return tuple(Quota(q.limit, q.value, q.source, used.get(q.limit, 0)) for q in found)


def stated(tenant: Tenant) -> tuple[Quota, ...]:
    """All limits, those for each account too, without what is used."""
    return tuple(limit(tenant, which) for which in Limit)


def counted_usage(tenant: Tenant) -> TenantUsage | None:
    """What was counted of it, if it was yet."""
    try:
        return tenant.usage
    except TenantUsage.DoesNotExist:
        return None


def used_today(counted: TenantUsage) -> Mapping[str, int]:
    """The counts, without those of another day."""
    is_today = counted.day == today()
    used: Mapping[str, int] = counted.used
    return {key: n for key, n in used.items() if is_today or not key.endswith("-a-day")}


def today(now: datetime | None = None) -> date:
    """The day that is counted: by UTC."""
    return (now or timezone.now()).astimezone(UTC).date()


def check(tenant: Tenant, which: Limit, used: int, more: int = 1) -> None:
    """Refuse `more` of what a tenant has `used` already. Raises QuotaExceeded."""
    value = limit(tenant, which).value
    if value is not None and used + more > value:
        raise QuotaExceeded(which, value, used)


def check_counted(tenant: Tenant, which: Limit, count: Callable[[], int]) -> None:
    """Refuse one more of what `count` tells, in the caller's transaction: whoever else adds to it
    waits until that ends, so the limit is exact. Nothing is asked where there is no limit.

    Raises QuotaExceeded.
    """
    if limit(tenant, which).value is None:
        return
    family = _LOCKS + OF_TENANT.index(which)
    connection.row("SELECT pg_advisory_xact_lock(%s, %s)", (family, tenant.pk & 0x7FFFFFFF))
    check(tenant, which, count())


def _stated(tenant: Tenant, which: Limit, host: Host | None) -> tuple[int | None, Source]:
    """Who says it first: tenant, host, plan, platform."""
    if which in tenant.limits:
        return tenant.limits[which], Source.TENANT
    if which is Limit.ACCOUNT_BLOB_BYTES and host is not None and host.blob_quota_bytes is not None:
        return host.blob_quota_bytes or None, Source.HOST
    plan: Plan | None = tenant.plan
    if plan is not None and which in plan.limits:
        return plan.limits[which], Source.PLAN
    return KINDS[which].platform(), Source.PLATFORM


def _of(host: Host) -> HostLimits:
    tenant = host.tenant
    stated = ((which, limit(tenant, which, host).value) for which in OF_ACCOUNT)
    of_account = {which: value for which, value in stated if value is not None}
    of_tenant = dict(_of_tenant(tenant))
    limits_writes = not OF_WRITES.isdisjoint([*of_account, *of_tenant])
    return HostLimits(tenant.pk, of_account, of_tenant, limits_writes)


def _of_tenant(tenant: Tenant) -> Iterator[tuple[Limit, tuple[int, int]]]:
    if tenant.plan is None and not tenant.limits:
        return
    for quota in usage(tenant):
        if quota.value is not None:
            yield quota.limit, (quota.value, quota.used or 0)
