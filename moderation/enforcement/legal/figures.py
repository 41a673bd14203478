"""Figures of each month for a tenant's transparency report: how often what was done.

Of the current month they are counted when somebody looks; once a month is over, they are written
down the first time and do not change any more, whatever is deleted later.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hosting.models import Tenant
from moderation.models import AbuseNotice, AuditEntry, Decision, MonthlyFigure, Report

Action = AuditEntry.Action
_ACTIONS: Final = (
    Action.ACCOUNT_TAKE_DOWN, Action.ACCOUNT_RESTORE, Action.ACCOUNT_SUSPEND, Action.ACCOUNT_WARN,
    Action.ACCOUNT_STRIKE, Action.ACCOUNT_REMOVE_HANDLE, Action.ACCOUNT_BLOCK_UPLOADS,
    Action.ACCOUNT_END_PASSWORD, Action.ACCOUNT_DELETE, Action.RECORD_TAKE_DOWN,
    Action.RECORD_RESTORE, Action.BLOB_TAKE_DOWN, Action.BLOB_RESTORE, Action.APPEAL_GRANT,
    Action.APPEAL_UPHOLD, Action.HOLD_PLACE, Action.HOLD_RELEASE, Action.EVIDENCE_EXPORT,
)  # fmt: skip
# In this order; names of audit actions, and four of our own.
LABELS: Final[Mapping[str, str | Promise]] = {
    "reports": _("Reports received"),
    "abuse_notices": _("Abuse notices received"),
    "notices": _("Notices sent"),
    "appeals": _("Appeals received"),
    **{action.value: action.label for action in _ACTIONS},
}


def months(tenant: Tenant) -> list[date]:
    """The months since the tenant began, newest first."""
    first, last = tenant.created_at.date().replace(day=1), this_month()
    found = [last]
    while found[-1] > first:
        year, month = found[-1].year, found[-1].month
        found.append(date(year - (month == 1), (month - 2) % 12 + 1, 1))
    return found


def of_month(tenant: Tenant, month: date) -> dict[str, int]:
    """Every figure by its name, in order. `month` is a first day."""
    kept = MonthlyFigure.objects.filter(tenant=tenant, month=month)
    counted = dict(kept.values_list("name", "count"))
    if not counted:
        counted = _counted(tenant, month)
        if month < this_month():
            counted = _closed(tenant, month, counted)
    return {name: counted.get(name, 0) for name in LABELS}


def as_csv(tenant: Tenant, wanted: list[date]) -> str:
    """A line a month, a column a figure, by their names."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(["month", *LABELS])
    for month in wanted:
        writer.writerow([f"{month:%Y-%m}", *of_month(tenant, month).values()])
    return output.getvalue()


def this_month() -> date:
    """The first day of the month that is not over, in UTC."""
    return timezone.now().astimezone(UTC).date().replace(day=1)


def _closed(tenant: Tenant, month: date, counted: Mapping[str, int]) -> dict[str, int]:
    """The figures as they are written down: those of whoever was first."""
    rows = [
        MonthlyFigure(tenant=tenant, month=month, name=name, count=counted.get(name, 0))
        for name in LABELS
    ]
    with transaction.atomic():
        MonthlyFigure.objects.bulk_create(rows, ignore_conflicts=True)
    kept = MonthlyFigure.objects.filter(tenant=tenant, month=month)
    return dict(kept.values_list("name", "count"))


def _counted(tenant: Tenant, month: date) -> dict[str, int]:
    begins = datetime(month.year, month.month, 1, tzinfo=UTC)
    ends = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
    here = Q(host__tenant=tenant)
    then = Q(created_at__gte=begins, created_at__lt=ends)
    entries = AuditEntry.objects.filter(here, then, action__in=_ACTIONS)
    entries = entries.exclude(stage__in=(AuditEntry.Stage.BEGUN, AuditEntry.Stage.FAILED))
    by_action = entries.order_by().values_list("action").annotate(count=Count("pk"))
    counted = Counter(dict(by_action))
    counted["reports"] = Report.objects.filter(here, then).count()
    counted["abuse_notices"] = AbuseNotice.objects.filter(here, then).count()
    told = Q(told_at__gte=begins, told_at__lt=ends)
    counted["notices"] = Decision.objects.filter(here, told).count()
    appealed = Q(appealed_at__gte=begins, appealed_at__lt=ends)
    counted["appeals"] = Decision.objects.filter(here, appealed).count()
    return dict(counted)
