"""Limits of e-mail: how many somebody may get from a host, and an account may cause.

Counted in Postgres, in the transaction that puts the e-mail down: what is rolled back was not sent
and is not counted, and no other server is asked inside of a transaction. Each kind of e-mail has a
budget of its own, so that nobody suppresses a warning by using up the codes. Kept is a hash of the
address: counts outlive the e-mails of a deleted account.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from hosting.limits.budgets import DAY_S, HOUR_S, Budget, RateLimitExceeded
from hosting.mail.emails import EmailKind
from hosting.mail.models import MailCount
from hosting.models import Host
from hosting.plans import quotas
from hosting.plans.limits import Limit
from server.database import connection

# All that one account causes, to whomever: codes and warnings apart
ACCOUNT: Final = (Budget(20, HOUR_S), Budget(60, DAY_S))
_COUNT: Final = """
    INSERT INTO mail_count AS c (host_id, who, name, window_s, count, resets_at)
    SELECT %s, w.who, w.name, w.window_s, 1, %s::timestamptz + w.window_s * interval '1 second'
    FROM unnest(%s::text[], %s::text[], %s::int[]) w(who, name, window_s)
    ORDER BY w.who, w.name, w.window_s
    ON CONFLICT (host_id, who, name, window_s) DO UPDATE SET
        count = CASE WHEN c.resets_at <= %s THEN 1 ELSE c.count + 1 END,
        resets_at = CASE WHEN c.resets_at <= %s THEN excluded.resets_at ELSE c.resets_at END
    RETURNING who, name, window_s, count, resets_at
"""
_COUNT_DAY: Final = """
    WITH counted AS (
        INSERT INTO mail_day AS m (tenant_id, day, shard, mails)
        VALUES (%s, %s, pg_backend_pid() %% 16, 1)
        ON CONFLICT (tenant_id, day, shard) DO UPDATE SET mails = m.mails + 1
    )
    SELECT coalesce(sum(mails), 0) FROM mail_day WHERE tenant_id = %s AND day = %s
"""
_Key = tuple[str, str, int]  # whose, of what, in how many seconds


def spend(host: Host, kind: EmailKind, recipient: str, cause: str = "") -> None:
    """Count an e-mail in all its budgets or in none, in the caller's transaction.

    `cause` is the DID of the account that makes us write, if any. Raises RateLimitExceeded,
    QuotaExceeded for the tenant's e-mails of the day.
    """
    now = timezone.now()
    with transaction.atomic():  # a refusal takes all counts back
        if settings.RATE_LIMITS:
            _spend(host, kind, recipient, cause, now)
        _count(host, now)


def _spend(host: Host, kind: EmailKind, recipient: str, cause: str, now: datetime) -> None:
    budgets = dict(_budgets(kind, recipient, cause))
    columns = [list(column) for column in zip(*budgets, strict=True)]
    for who, name, window_s, count, resets_at in connection.rows(
        _COUNT, (host.pk, now, *columns, now, now)
    ):
        _refuse_beyond(budgets[who, name, window_s], count, resets_at)


def _count(host: Host, now: datetime) -> None:
    """Count it for the tenant's day; each connection in one of sixteen rows."""
    key = (host.tenant_id, quotas.today(now))
    counted = connection.row(_COUNT_DAY, (*key, *key))
    quotas.check(host.tenant, Limit.MAILS_A_DAY, int(counted[0]) if counted else 0)


def forget_old() -> None:
    """The hourly sweep: counts whose windows are long over."""
    MailCount.objects.filter(resets_at__lt=timezone.now() - timedelta(hours=1)).delete()


def _budgets(kind: EmailKind, recipient: str, cause: str) -> Iterator[tuple[_Key, Budget]]:
    for budget in kind.budgets:
        yield (_hash(recipient), kind.name, budget.window_s), budget
    if cause:
        purpose = "codes" if kind.is_asked_for else "warnings"
        for budget in ACCOUNT:
            yield (_hash(cause), purpose, budget.window_s), budget


def _refuse_beyond(budget: Budget, count: int, resets_at: datetime) -> None:
    if count > budget.limit:
        raise RateLimitExceeded(budget, math.ceil(resets_at.timestamp()))


def _hash(who: str) -> str:
    return salted_hmac("hosting.mail.budgets", who, algorithm="sha256").hexdigest()
