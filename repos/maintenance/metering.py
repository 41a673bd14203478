"""Metering: what tenants use now, what they used each day, and whether the counters are right.

Counts of single accounts are kept by their own transactions; here they are summed up, by host
before hosts are joined, which is a third cheaper
(docs/decisions/0058-plans-and-metering.md). Each statement sees one moment, and all may run twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import transaction

from hosting.models import TenantDay
from hosting.plans import quotas
from server.database import connection

BATCH: Final = 1_000
_END_DAYS: Final = """
    WITH ended AS (
        SELECT id FROM repo
        WHERE id > %s AND counted_on < %s AND (writes_today > 0 OR uploads_today > 0)
        ORDER BY id LIMIT %s FOR NO KEY UPDATE
    )
    UPDATE repo r SET counted_on = r.counted_on FROM ended WHERE r.id = ended.id RETURNING r.id
"""
_STOCKS: Final = """
    accounts AS (
        SELECT h.tenant_id, sum(a.accounts) AS accounts FROM (
            SELECT host_id, count(*) AS accounts FROM account WHERE moved_away_at IS NULL GROUP BY 1
        ) a JOIN host h ON h.id = a.host_id GROUP BY 1
    ), repos AS (
        SELECT h.tenant_id, sum(r.records) AS records, sum(r.bytes) AS repo_bytes,
            sum(r.writes) AS writes, sum(r.uploads) AS uploads FROM (
            SELECT host_id, sum(record_count) AS records, sum(record_bytes) AS bytes,
                sum(writes_today) FILTER (WHERE counted_on = %(today)s) AS writes,
                sum(uploads_today) FILTER (WHERE counted_on = %(today)s) AS uploads
            FROM repo GROUP BY 1
        ) r JOIN host h ON h.id = r.host_id GROUP BY 1
    ), blobs AS (
        SELECT tenant_id, sum(blob_bytes) AS blob_bytes FROM tenant_storage GROUP BY 1
    ), mails AS (
        SELECT tenant_id, sum(mails) AS mails FROM mail_day WHERE day = %(day)s GROUP BY 1
    )
"""
_COUNT_NOW: Final = f"""
    WITH {_STOCKS}, staff AS (
        SELECT tenant_id, count(*) AS staff FROM member GROUP BY 1
    ), hosts AS (
        SELECT tenant_id, count(*) AS hosts FROM host GROUP BY 1
    ), domains AS (
        SELECT h.tenant_id, count(*) AS domains FROM handle_domain d JOIN host h ON h.id = d.host_id
        GROUP BY 1
    )
    INSERT INTO tenant_usage AS u (tenant_id, used, warned, day, counted_at)
    SELECT t.id, jsonb_build_object(
        'accounts', coalesce(a.accounts, 0), 'blob-bytes', coalesce(b.blob_bytes, 0),
        'repo-bytes', coalesce(r.repo_bytes, 0), 'records', coalesce(r.records, 0),
        'writes-a-day', coalesce(r.writes, 0), 'uploads-a-day', coalesce(r.uploads, 0),
        'mails-a-day', coalesce(m.mails, 0), 'staff', coalesce(s.staff, 0),
        'domains', coalesce(d.domains, 0), 'hosts', coalesce(h.hosts, 0)
    ), '{{}}', %(today)s, now()
    FROM tenant t LEFT JOIN accounts a ON a.tenant_id = t.id LEFT JOIN repos r ON r.tenant_id = t.id
    LEFT JOIN blobs b ON b.tenant_id = t.id LEFT JOIN mails m ON m.tenant_id = t.id
    LEFT JOIN staff s ON s.tenant_id = t.id LEFT JOIN hosts h ON h.tenant_id = t.id
    LEFT JOIN domains d ON d.tenant_id = t.id
    ORDER BY t.id
    ON CONFLICT (tenant_id) DO UPDATE
        SET used = excluded.used, day = excluded.day, counted_at = excluded.counted_at
"""  # noqa: S608 - constants only
_COUNT_DAY: Final = f"""
    WITH {_STOCKS}, days AS (
        SELECT tenant_id, count(*) AS active, sum(writes) AS writes, sum(uploads) AS uploads
        FROM account_day WHERE day = %(day)s GROUP BY 1
    )
    INSERT INTO tenant_day AS t (tenant_id, tenant_slug, day, accounts, active_accounts, records,
        repo_bytes, blob_bytes, writes, uploads, mails, counted_at)
    SELECT t.id, t.slug, %(day)s, coalesce(a.accounts, 0), coalesce(y.active, 0),
        coalesce(r.records, 0), coalesce(r.repo_bytes, 0), coalesce(b.blob_bytes, 0),
        coalesce(y.writes, 0), coalesce(y.uploads, 0), coalesce(m.mails, 0), now()
    FROM tenant t LEFT JOIN accounts a ON a.tenant_id = t.id LEFT JOIN repos r ON r.tenant_id = t.id
    LEFT JOIN blobs b ON b.tenant_id = t.id LEFT JOIN mails m ON m.tenant_id = t.id
    LEFT JOIN days y ON y.tenant_id = t.id
    WHERE (t.created_at AT TIME ZONE 'utc')::date <= %(day)s AND NOT EXISTS (
        SELECT FROM tenant_month c WHERE c.tenant_id = t.id
            AND c.month = date_trunc('month', %(day)s::date)::date)
    ORDER BY t.id
    ON CONFLICT (tenant_id, day) DO UPDATE SET active_accounts = excluded.active_accounts,
        writes = excluded.writes, uploads = excluded.uploads, mails = excluded.mails
"""  # noqa: S608 - constants only
_RECOUNTED: Final = """
    repo r JOIN host h ON h.id = r.host_id AND h.tenant_id = ANY (%s) CROSS JOIN LATERAL (
        SELECT count(*) AS records, coalesce(sum(octet_length(data)), 0) AS bytes
        FROM record WHERE repo_id = r.id) c
"""
_RECOUNTS: Final = {
    "records": f"""
        SELECT r.did, r.record_count, c.records FROM {_RECOUNTED}
        WHERE r.record_count <> c.records""",  # noqa: S608 - constants only
    "repo-bytes": f"""
        SELECT r.did, r.record_bytes, c.bytes FROM {_RECOUNTED}
        WHERE r.record_bytes <> c.bytes""",  # noqa: S608 - constants only
    "blob-bytes": """
        SELECT r.did, coalesce(u.used_bytes, 0), coalesce(c.n, 0)
        FROM repo r JOIN host h ON h.id = r.host_id LEFT JOIN blob_usage u ON u.repo_id = r.id
        LEFT JOIN (SELECT repo_id, sum(size) AS n FROM blob GROUP BY 1) c ON c.repo_id = r.id
        WHERE h.tenant_id = ANY (%s) AND coalesce(u.used_bytes, 0) <> coalesce(c.n, 0)""",
    "blob-bytes of the tenant": """
        SELECT t.slug, coalesce(s.n, 0), coalesce(c.n, 0) FROM tenant t
        LEFT JOIN (SELECT tenant_id, sum(blob_bytes) AS n FROM tenant_storage GROUP BY 1) s
            ON s.tenant_id = t.id
        LEFT JOIN (SELECT u.tenant_id, sum(b.size) AS n FROM blob b JOIN blob_usage u
            USING (repo_id) GROUP BY 1) c ON c.tenant_id = t.id
        WHERE t.id = ANY (%s) AND coalesce(s.n, 0) <> coalesce(c.n, 0)""",
    "writes of a day": """
        SELECT d.tenant_slug || ' ' || d.day, d.writes, coalesce(c.n, 0) FROM tenant_day d
        LEFT JOIN (SELECT tenant_id, day, sum(writes) AS n FROM account_day GROUP BY 1, 2) c
            ON c.tenant_id = d.tenant_id AND c.day = d.day
        WHERE d.tenant_id = ANY (%s) AND d.writes <> coalesce(c.n, 0)
            AND d.day > CURRENT_DATE - interval '13 months'""",
}
_REPAIR: Final = f"""
    UPDATE repo SET record_count = c.records, record_bytes = c.bytes FROM {_RECOUNTED}
    WHERE repo.id = r.id AND (r.record_count, r.record_bytes) <> (c.records, c.bytes)
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that is not what its rows come to."""

    what: str
    whose: str
    counted: int
    found: int


def count_now() -> None:
    """Every few minutes: what each tenant uses, for pages and for the limits of whole tenants."""
    today = quotas.today()
    connection.execute(_COUNT_NOW, {"today": today, "day": today})
    quotas.forget()


def end_days() -> int:
    """Put down the days of accounts that did not write since; how many."""
    last, count, today = 0, 0, quotas.today()
    while rows := connection.rows(_END_DAYS, (last, today, BATCH)):
        last, count = max(row[0] for row in rows), count + len(rows)
        if len(rows) < BATCH:
            break
    return count


def count_days() -> list[date]:
    """Hourly: count the days that are over, those since the last one that was counted; which.

    Yesterday's is counted again: somebody's last transaction may have ended late.
    """
    end_days()
    today = quotas.today()
    counted = TenantDay.objects.filter(day__lt=today).order_by("-day").first()
    day = counted.day if counted is not None else today - timedelta(days=1)
    days = [day + timedelta(days=n) for n in range((today - day).days)]
    for each in days:
        count_day(each)
    return days


def count_day(day: date) -> None:
    """Count one day that is over; what was had at its end is as of the first time."""
    with transaction.atomic():
        connection.execute(_COUNT_DAY, {"today": quotas.today(), "day": day})


def recount(tenant_ids: list[int]) -> Iterator[Difference]:
    """Compare the counters of tenants with the rows that they count."""
    for what, sql in _RECOUNTS.items():
        for whose, counted, found in connection.rows(sql, (tenant_ids,)):
            yield Difference(what, str(whose), int(counted), int(found))


def repair(tenant_ids: list[int]) -> None:
    """Set the counters of repos to what their records come to."""
    connection.execute(_REPAIR, (tenant_ids,))
