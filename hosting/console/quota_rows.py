"""Quotas in words for the console's pages: a row for each limit, with who says what it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy

from hosting.plans.limits import KINDS, Limit
from hosting.plans.quotas import Quota, Source

NEAR_PER_CENT: Final = 80
_SOURCES: Final = {
    Source.PLATFORM: gettext_lazy("the platform"),
    Source.PLAN: gettext_lazy("the plan"),
    Source.TENANT: gettext_lazy("the tenant"),
    Source.HOST: gettext_lazy("the host"),
    Source.ACCOUNT: gettext_lazy("the account"),
    Source.GRACE: gettext_lazy("what held before"),
}


@dataclass(frozen=True, slots=True)
class Used:
    """One limit: its name, what is used and what may be, in words; who says so."""

    name: Any
    used: str
    most: str  # empty: no limit
    per_cent: int | None
    source: Any

    @property
    def is_near(self) -> bool:
        """Whether little is left."""
        return self.per_cent is not None and self.per_cent >= NEAR_PER_CENT


def of(quotas: Iterable[Quota]) -> list[Used]:
    """A row for each."""
    return [_row(each) for each in quotas]


def amount(limit: Limit, count: int | None) -> str:
    """So many of what a limit counts."""
    if count is None:
        return ""  # not counted yet
    if limit.is_of_bytes:
        return str(filesizeformat(count))
    return str(number_format(count, force_grouping=True))


def _row(quota: Quota) -> Used:
    most = "" if quota.value is None else amount(quota.limit, quota.value)
    used = amount(quota.limit, quota.used)
    name = KINDS[quota.limit].label
    return Used(name, used, most, quota.per_cent, _SOURCES[quota.source])
