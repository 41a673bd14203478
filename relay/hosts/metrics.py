"""Metrics of the relay and of all event streams, as text for Prometheus: `/metrics`.

For operators alone: GROVE_METRICS_TOKEN, without which there are none. What the tables know (hosts,
allowances, what was refused) is read as somebody asks; what only processes know (subscribers, what
they were sent) comes from server.cache.counters.
"""

import hmac
from collections.abc import Iterable
from typing import Final

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.cache import counters
from server.cache.counters import series
from server.database import connection

HOSTS_MAX: Final = 5_000
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_HOSTS: Final = """
    SELECT h.hostname, h.inside_id IS NULL, h.status, h.connected_at IS NOT NULL,
        h.accepted_count, h.account_count, h.account_limit, h.rate_use, h.lag_s,
        coalesce(lost.count, 0)
    FROM relay_host h LEFT JOIN (
        SELECT host_id, count(*) FROM relay_account WHERE desynchronized_at IS NOT NULL
        GROUP BY host_id
    ) lost ON lost.host_id = h.id
    ORDER BY h.last_event_at DESC NULLS LAST LIMIT %s
"""
_REJECTIONS: Final = """
    SELECT h.hostname, r.reason, r.count
    FROM relay_rejection r JOIN relay_host h ON h.id = r.host_id ORDER BY r.last_at DESC LIMIT %s
"""
_NEWEST: Final = """
    SELECT c.last_seq, greatest(0, coalesce(p.last_seq, 0) - coalesce(c.inside_position, 0))
    FROM relay_counter c LEFT JOIN event_counter p ON p.host_id = 0 WHERE c.relay_id = 1
"""

logger = structlog.stdlib.get_logger(__name__)


@require_safe
def answer(request: HttpRequest) -> HttpResponse:
    """`/metrics`: 404 where no token is set, 401 without it."""
    token = settings.METRICS_TOKEN
    if not token:
        return HttpResponse(status=404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse("\n".join(_lines()) + "\n", content_type=_TYPE)


def _lines() -> Iterable[str]:
    found = {**_of_processes(), **_of_relay(), **_of_hosts(), **_of_rejections()}
    named: dict[str, list[str]] = {}
    for what, value in found.items():
        named.setdefault(what.partition("{")[0], []).append(f"{what} {value}")
    for name, shown in sorted(named.items()):
        yield f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
        yield from shown


def _of_processes() -> dict[str, int]:
    try:
        return counters.read()
    except redis.RedisError as error:
        logger.warning("metrics of processes are not to be had", reason=str(error))
        return {}


def _of_relay() -> dict[str, int]:
    row = connection.row(_NEWEST)
    newest, behind = row or (0, 0)
    return {"grove_relay_seq": newest, "grove_relay_own_hosts_lag_events": behind}


def _of_hosts() -> dict[str, int | float]:
    found: dict[str, int | float] = {}
    for row in connection.rows(_HOSTS, (HOSTS_MAX,)):
        found |= _of_host(*row)
    return found


def _of_host(  # noqa: PLR0913, PLR0917 - a row's columns
    name: str,
    is_outside: bool,
    status: str,
    is_connected: bool,
    accepted: int,
    accounts: int,
    limit: int,
    rate_use: int,
    lag_s: int | None,
    lost: int,
) -> dict[str, int | float]:
    shown: dict[str, int | float] = {
        series("grove_relay_accepted_events_total", host=name): accepted
    }
    if is_outside:
        shown |= {
            series("grove_relay_host_up", host=name, status=status): int(is_connected),
            series("grove_relay_accounts", host=name): accounts,
            series("grove_relay_account_limit", host=name): limit,
            series("grove_relay_rate_use_percent", host=name): rate_use,
            series("grove_relay_desynchronized_accounts", host=name): lost,
        }
    if lag_s is not None:
        shown[series("grove_relay_lag_seconds", host=name)] = lag_s
    return shown


def _of_rejections() -> dict[str, int]:
    return {
        series("grove_relay_rejected_events_total", host=name, reason=reason): count
        for name, reason, count in connection.rows(_REJECTIONS, (HOSTS_MAX,))
    }
