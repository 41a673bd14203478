"""What a tenant uses of its plan, for pages: a row for each limit, and when storage will be full.

Counts are kept by others (hosting.plans, hosting.models.usage); nothing is counted here.
"""

from dataclasses import replace
from typing import Final

from hosting.console import quota_rows
from hosting.console.quota_rows import Used, amount
from hosting.models import Tenant, TenantDay
from hosting.plans import quotas
from hosting.plans.limits import Limit

_DAYS: Final = 28  # that the pace is taken from
_DAYS_MIN: Final = 7


def of(tenant: Tenant) -> list[Used]:
    """Every limit; no statement where the tenant came with `plan` and `usage`."""
    is_counted = quotas.counted_usage(tenant) is not None
    found = quotas.usage(tenant)
    return quota_rows.of(each if is_counted else replace(each, used=None) for each in found)


def is_counted(tenant: Tenant) -> bool:
    """Whether its figures are there; a new tenant's are a few minutes later."""
    return quotas.counted_usage(tenant) is not None


def figures(tenant: Tenant) -> dict[str, str]:
    """Accounts and storage, for a list."""
    counted = quotas.counted_usage(tenant)
    used = counted.used if counted is not None else {}
    return {
        "accounts": amount(Limit.ACCOUNTS, used.get(Limit.ACCOUNTS)),
        "storage": amount(Limit.BLOB_BYTES, used.get(Limit.BLOB_BYTES)),
    }


def days_left(tenant: Tenant) -> int | None:
    """In how many days files fill the plan at the pace of the last four weeks; None when they will
    not, or when nobody knows."""
    limit = quotas.limit(tenant, Limit.BLOB_BYTES).value
    days = TenantDay.objects.filter(tenant_id=tenant.pk).order_by("-day")
    found = list(days.values_list("day", "blob_bytes")[:_DAYS])
    if limit is None or len(found) < _DAYS_MIN:
        return None
    (last, now), (first, before) = found[0], found[-1]
    pace = (now - before) / ((last - first).days or 1)
    return max(0, int((limit - now) / pace)) if pace > 0 else None
