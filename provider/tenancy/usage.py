"""Usage: counted, shown, written as CSV, closed by the month; owners and people are warned.

Figures are those of hosting.plans.metering and repos.maintenance.metering; what is told about them
by mail and webhook is here.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Account, AccountLimits
from hosting.mail import emails, outbox
from hosting.mail.emails import sender_of
from hosting.models import Host, Tenant, TenantDay, TenantMonth, TenantUsage
from hosting.plans import metering, quotas
from hosting.plans.limits import KINDS, Limit
from hosting.plans.quotas import Quota
from moderation.staff import members
from provider.errors import InvalidField
from provider.webhooks import events
from provider.webhooks.events import Event
from repos.maintenance import metering as counting
from server.database import connection

WARNED_AT: Final = (95, 80)  # per cent
_FORGIVEN: Final = 5  # so many per cent lower, and it may be warned of again
_NEAR: Final = WARNED_AT[-1] - _FORGIVEN
_ABOVE: Final = """
    SELECT r.id, x.key, x.value, x.used
    FROM repo r
    JOIN unnest(%(hosts)s::bigint[], %(blobs)s::bigint[], %(bytes)s::bigint[],
        %(records)s::bigint[]) h(id, blobs, bytes, records) ON h.id = r.host_id
    LEFT JOIN blob_usage u
        ON u.repo_id = r.id AND u.repo_id > %(after)s AND u.repo_id <= %(until)s
    LEFT JOIN account_limits a ON a.account_id = r.id
    CROSS JOIN LATERAL (VALUES
        ('account-blob-bytes', CASE WHEN a.limits ? 'account-blob-bytes'
            THEN (a.limits ->> 'account-blob-bytes')::bigint ELSE h.blobs END, u.used_bytes),
        ('account-repo-bytes', CASE WHEN a.limits ? 'account-repo-bytes'
            THEN (a.limits ->> 'account-repo-bytes')::bigint ELSE h.bytes END, r.record_bytes),
        ('account-records', CASE WHEN a.limits ? 'account-records'
            THEN (a.limits ->> 'account-records')::bigint ELSE h.records END, r.record_count)
    ) x(key, value, used)
    WHERE r.id > %(after)s AND r.id <= %(until)s
        AND x.used > 0 AND x.used::numeric * 100 >= x.value::numeric * %(per_cent)s
    ORDER BY r.id LIMIT %(limit)s
"""
_LISTED_MAX: Final = 10_000
BATCH: Final = 50_000  # repos
_BATCH_ENDS: Final = """
    SELECT max(id), count(*) FROM (SELECT id FROM repo WHERE id > %s ORDER BY id LIMIT %s) batch
"""
_LAST_ID: Final = 2**63 - 1
_COLUMNS: Final = {
    "blobs": Limit.ACCOUNT_BLOB_BYTES,
    "bytes": Limit.ACCOUNT_REPO_BYTES,
    "records": Limit.ACCOUNT_RECORDS,
}


def month_of(text: str) -> date:
    """The first day of `2026-11`. Raises InvalidField."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as fault:
        raise InvalidField("month", "A month is written 2026-11.") from fault


def count() -> None:
    """Every few minutes: count what tenants use, and warn their owners."""
    counting.count_now()
    for usage in TenantUsage.objects.select_related("tenant__plan").order_by("pk").iterator():
        tenant = usage.tenant
        if tenant.plan is not None or tenant.limits or usage.warned:
            tenant.usage = usage
            _warn(tenant, usage)


def count_days() -> None:
    """Hourly: count the days that are over; on the second of a month close the one before."""
    counting.count_days()
    today = quotas.today()
    month = metering.month_before(today)
    if today.day > 1 and metering.is_open(month):
        close(month)
    warn_people()


def close(month: date) -> list[TenantMonth]:
    """Close a month: nothing of it changes any more. Those tenants' months that were open. Raises
    MonthNotOver."""
    metering.check_over(month)
    counting.end_days()
    end = metering.last_day_of(month)
    counted = TenantDay.objects.filter(day__range=(month, end)).values_list("day", flat=True)
    for day in sorted(set(counted.distinct())):
        counting.count_day(day)
    with transaction.atomic():
        closed = metering.close(month)
        hosts = _first_hosts([row.tenant_id for row in closed])
        for row in closed:
            if (host := hosts.get(row.tenant_id)) is not None:
                said = {"tenant": row.tenant_slug, "month": f"{month:%Y-%m}"}
                events.tell(host, Event.USAGE_MONTH_CLOSED, said | metering.figures(row))
    return closed


def write_csv(tenant: Tenant, month: date, *, of_accounts: bool, to: IO[str]) -> None:
    """A month's days as CSV: of the tenant, or of each of its accounts."""
    end, out = metering.last_day_of(month), csv.writer(to)
    if of_accounts:
        out.writerow(["day", "did", *metering.OF_ACCOUNT])
        for row in metering.account_days(tenant, month, end):
            out.writerow([row.day, row.did, *(getattr(row, name) for name in metering.OF_ACCOUNT)])
        return
    out.writerow(["day", *metering.FIGURES])
    for day in metering.days(tenant, month, end):
        out.writerow([day.day, *metering.figures(day).values()])


def csv_of(tenant: Tenant, month: date, *, of_accounts: bool) -> str:
    """The same as a text."""
    text = io.StringIO(newline="")
    write_csv(tenant, month, of_accounts=of_accounts, to=text)
    return text.getvalue()


def above(tenant: Tenant, per_cent: int = 100) -> Iterator[tuple[Account, Quota]]:
    """Accounts of a tenant that use so much of a limit of theirs, or more; 10,000 at the most."""
    limits = _limits(Host.objects.filter(tenant=tenant))
    found = _above(limits, per_cent, limit=_LISTED_MAX)
    accounts = Account.objects.select_related("host__tenant").in_bulk({row[0] for row in found})
    for account_id, key, value, used in found:
        if account_id in accounts:
            yield accounts[account_id], Quota(Limit(key), value, quotas.Source.ACCOUNT, used)


def warn_people() -> None:
    """Hourly: write to account holders who come near a limit of their own, once each time. All
    repos are looked at, some at a time."""
    limits, after = _limits(Host.objects.all()), 0
    while after < _LAST_ID:
        last, count = connection.row(_BATCH_ENDS, (after, BATCH)) or (None, 0)
        until = last if count == BATCH else _LAST_ID
        near: dict[int, list[Quota]] = {}
        for account_id, key, value, used in _above(limits, _NEAR, after=after, until=until):
            quota = Quota(Limit(key), value, quotas.Source.ACCOUNT, used)
            near.setdefault(account_id, []).append(quota)
        _warn_some(near, AccountLimits.objects.filter(pk__gt=after, pk__lte=until))
        after = until


def _warn_some(near: Mapping[int, list[Quota]], rows: QuerySet[AccountLimits]) -> None:
    """Warn those of a batch who are to hear something new; `rows` are all of the batch."""
    rows.exclude(warned={}).exclude(pk__in=near).update(warned={})
    warned = dict(rows.filter(pk__in=near).values_list("pk", "warned"))
    before = {pk: warned.get(pk, {}) for pk in near}
    news = [pk for pk, found in near.items() if _crossed(before[pk], found)[0] != before[pk]]
    for pk, account in (
        Account.objects.active().select_related("host__tenant").in_bulk(news).items()
    ):
        _warn_person(account, near[pk])


def _limits(hosts: QuerySet[Host]) -> dict[str, list[int | None]]:
    """What holds for each account of these hosts: columns, a row for each host."""
    columns: dict[str, list[int | None]] = {"hosts": [], **{name: [] for name in _COLUMNS}}
    for host in hosts.select_related("tenant__plan").iterator():
        columns["hosts"].append(host.pk)
        for name, which in _COLUMNS.items():
            columns[name].append(quotas.limit(host.tenant, which, host).value)
    return columns


def _above(
    limits: Mapping[str, list[int | None]],
    per_cent: int,
    *,
    after: int = 0,
    until: int = _LAST_ID,
    limit: int | None = None,
) -> list[tuple[int, str, int, int]]:
    """(account, limit, its value, what is used) of accounts in a range of numbers."""
    params = {**limits, "per_cent": per_cent, "after": after, "until": until, "limit": limit}
    with connection.planned_by_value():
        return [tuple(row) for row in connection.rows(_ABOVE, params)]


@transaction.atomic
def _warn(tenant: Tenant, usage: TenantUsage) -> None:
    """Write to a tenant's owners about each limit that it comes near, once each time."""
    warned, crossed = _crossed(usage.warned, quotas.usage(tenant))
    if warned == usage.warned:
        return
    TenantUsage.objects.filter(pk=usage.pk).update(warned=warned)
    host = _first_hosts([tenant.pk]).get(tenant.pk)
    if host is None:
        return
    for quota in crossed:
        data = {"tenant": tenant.slug, **_figures(quota)}
        events.tell(host, Event.QUOTA_CROSSED, data)
        for address in members.owners_of(host) or [tenant.support_email]:
            if address:
                _write(host, address, sender_of(host).language, tenant.name, quota)


@transaction.atomic
def _warn_person(account: Account, near: list[Quota]) -> None:
    row, _made = AccountLimits.objects.select_for_update().get_or_create(account=account)
    warned, crossed = _crossed(row.warned, near)
    if warned != row.warned:
        AccountLimits.objects.filter(pk=row.pk).update(warned=warned)
    for quota in crossed:
        language = account.language or sender_of(account.host).language
        _write(account.host, account.email, language, account.handle or account.did, quota)


def _crossed(
    warned: Mapping[str, int], found: Iterable[Quota]
) -> tuple[dict[str, int], list[Quota]]:
    """What is warned of from now on, per cent by limit, and which of them is new."""
    after: dict[str, int] = {}
    crossed: list[Quota] = []
    for quota in found:
        per_cent, before = quota.per_cent or 0, warned.get(quota.limit, 0)
        level = next((level for level in WARNED_AT if per_cent >= level), 0)
        if level > before:
            crossed.append(quota)
        if level >= before or per_cent < before - _FORGIVEN:
            before = level
        if before:
            after[str(quota.limit)] = before
    return after, crossed


def _write(host: Host, address: str, language: str, name: str, quota: Quota) -> None:
    with translation.override(language):
        said = _("%(name)s uses %(per_cent)s %% of a limit: %(used)s of %(value)s %(limit)s.")
        said %= {"name": name, **_figures(quota), "limit": str(KINDS[quota.limit].label)}
        words = emails.from_staff(_("A limit is nearly reached"), said)
    outbox.post(host, address, emails.FROM_STAFF, words, language=language)


def _figures(quota: Quota) -> dict[str, Any]:
    return {
        "limit": str(quota.limit),
        "value": quota.value,
        "used": quota.used,
        "per_cent": quota.per_cent,
    }


def _first_hosts(tenant_ids: list[int]) -> dict[int, Host]:
    found = Host.objects.filter(tenant_id__in=tenant_ids).select_related("tenant__plan")
    return {host.tenant_id: host for host in found.order_by("-pk")}


def shown_now(tenant: Tenant) -> dict[str, Any]:
    """What a tenant uses as of now, by limit; with its accounts above theirs."""
    counting.count_now()
    fresh = Tenant.objects.select_related("plan", "usage").get(pk=tenant.pk)
    return {str(quota.limit): quota for quota in quotas.usage(fresh)}
