"""What a tenant uses of its plan, for pages: a row for each limit, and when storage will be full.

Counts are kept by others (hosting.plans, hosting.models.usage); nothing is counted here.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy

from hosting.models import Tenant, TenantDay
from hosting.plans import quotas
from hosting.plans.limits import Limit
from hosting.plans.quotas import Quota, Source

NEAR_PER_CENT: Final = 80
_DAYS: Final = 28  # that the pace is taken from
_DAYS_MIN: Final = 7
_SOURCES: Final = {
    Source.PLATFORM: gettext_lazy("the platform"),
    Source.PLAN: gettext_lazy("the plan"),
    Source.TENANT: gettext_lazy("the tenant"),
    Source.GRACE: gettext_lazy("what held before"),
}


@dataclass(frozen=True, slots=True)
class Used:
    """One limit of a tenant: its name, what is used and what may be, in words; who says so."""

    name: str
    used: str
    most: str  # empty: no limit
    per_cent: int | None
    source: Any

    @property
    def is_near(self) -> bool:
        """Whether little is left."""
        return self.per_cent is not None and self.per_cent >= NEAR_PER_CENT


def of(tenant: Tenant) -> list[Used]:
    """Every limit; no statement where the tenant came with `plan` and `usage`."""
    is_counted = quotas.counted_usage(tenant) is not None
    return [
        _shown(each if is_counted else replace(each, used=None)) for each in quotas.usage(tenant)
    ]


def figures(tenant: Tenant) -> dict[str, str]:
    """Accounts and storage, for a list."""
    counted = quotas.counted_usage(tenant)
    used = counted.used if counted is not None else {}
    return {
        "accounts": _amount(Limit.ACCOUNTS, used.get(Limit.ACCOUNTS)),
        "storage": _amount(Limit.BLOB_BYTES, used.get(Limit.BLOB_BYTES)),
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


def _shown(quota: Quota) -> Used:
    most = "" if quota.value is None else _amount(quota.limit, quota.value)
    source = _SOURCES.get(quota.source, quota.source)
    return Used(quota.limit, _amount(quota.limit, quota.used), most, quota.per_cent, source)


def _amount(limit: Limit, count: int | None) -> str:
    if count is None:
        return ""  # not counted yet
    if limit in (Limit.BLOB_BYTES, Limit.REPO_BYTES):
        return str(filesizeformat(count))
    return str(number_format(count, force_grouping=True))
