"""Metering: what was used in days and months, and the closing of months, after which nothing of
them changes (hosting/sql/usage_is_frozen.sql). Counted by repos.maintenance.metering."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from hosting.models import AccountDay, Tenant, TenantDay, TenantMonth
from protocol.errors import InvalidRequest
from server.database import connection

FIGURES: Final = (
    "accounts", "active_accounts", "records", "repo_bytes", "blob_bytes", "writes", "uploads",
    "mails",
)  # fmt: skip
OF_ACCOUNT: Final = ("writes", "uploads", "records", "repo_bytes", "blob_bytes")
ROWS_MAX: Final = 400  # days of one answer
_SETTLED_AFTER: Final = timedelta(hours=1)  # the last transactions of a month are over then
_CLOSE: Final = """
    INSERT INTO tenant_month (tenant_id, tenant_slug, month, accounts, active_accounts, records,
        repo_bytes, blob_bytes, writes, uploads, mails, blob_byte_days, closed_at)
    SELECT s.tenant_id, l.tenant_slug, %(month)s, l.accounts, coalesce(a.active, 0), l.records,
        l.repo_bytes, l.blob_bytes, s.writes, s.uploads, s.mails, s.blob_byte_days, now()
    FROM (
        SELECT tenant_id, sum(writes) AS writes, sum(uploads) AS uploads, sum(mails) AS mails,
            sum(blob_bytes) AS blob_byte_days, max(day) AS last
        FROM tenant_day WHERE day BETWEEN %(month)s AND %(end)s GROUP BY 1
    ) s
    JOIN tenant_day l ON l.tenant_id = s.tenant_id AND l.day = s.last
    LEFT JOIN (
        SELECT tenant_id, count(DISTINCT account_id) AS active FROM account_day
        WHERE day BETWEEN %(month)s AND %(end)s GROUP BY 1
    ) a ON a.tenant_id = s.tenant_id
    ORDER BY s.tenant_id ON CONFLICT (tenant_id, month) DO NOTHING RETURNING tenant_id
"""


class MonthNotOver(InvalidRequest):
    """400: a month is closed when it is over."""

    name = "MonthNotOver"
    message = "The month is not over yet."


def days(tenant: Tenant, first: date, last: date) -> list[TenantDay]:
    """A tenant's days that were counted, in order; ROWS_MAX at the most. One statement."""
    found = TenantDay.objects.filter(tenant_id=tenant.pk, day__range=(first, last))
    return list(found.order_by("day")[:ROWS_MAX])


def months(tenant: Tenant) -> list[TenantMonth]:
    """A tenant's closed months, in order. One statement."""
    return list(TenantMonth.objects.filter(tenant_id=tenant.pk).order_by("month"))


def account_days(tenant: Tenant, first: date, last: date) -> Iterator[AccountDay]:
    """The days of all its accounts on which they did something."""
    found = AccountDay.objects.filter(tenant_id=tenant.pk, day__range=(first, last))
    return found.order_by("day", "account_id").iterator()


def accounts_of_day(tenant: Tenant, day: date, after: int, limit: int) -> list[AccountDay]:
    """Some of the accounts that did something on a day, by their number. One statement."""
    found = AccountDay.objects.filter(tenant_id=tenant.pk, day=day, account_id__gt=after)
    return list(found.order_by("account_id")[:limit])


def last_day_of(month: date) -> date:
    """The last day of a month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def month_before(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def check_over(month: date) -> None:
    """Raises MonthNotOver."""
    end = datetime.combine(last_day_of(month) + timedelta(days=1), time(), UTC)
    if timezone.now() < end + _SETTLED_AFTER:
        raise MonthNotOver


def is_open(month: date) -> bool:
    """Whether days of a month were counted of a tenant for whom it is not closed."""
    closed = TenantMonth.objects.filter(month=month).values("tenant_id")
    days = TenantDay.objects.filter(day__range=(month, last_day_of(month)))
    return bool(days.exclude(tenant_id__in=closed).exists())


def close(month: date) -> list[TenantMonth]:
    """Close a month of all tenants whose days of it were counted, and which is open still; those.

    Whoever would count something of the month waits meanwhile, and then counts it today. Raises
    MonthNotOver.
    """
    month = month.replace(day=1)
    check_over(month)
    with transaction.atomic():
        connection.execute("LOCK TABLE account_day, mail_day, tenant_day IN SHARE MODE", ())
        rows = connection.rows(_CLOSE, {"month": month, "end": last_day_of(month)})
    closed = TenantMonth.objects.filter(month=month, tenant_id__in=[row[0] for row in rows])
    return list(closed.order_by("tenant_id"))


def figures(row: TenantDay | TenantMonth) -> dict[str, Any]:
    """The figures of a day or month by name; of a month also `blob_byte_days`."""
    found: dict[str, Any] = {name: getattr(row, name) for name in FIGURES}
    if isinstance(row, TenantMonth):
        found["blob_byte_days"] = int(row.blob_byte_days)
    return found
