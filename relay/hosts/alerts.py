"""Alerts: outside hosts that the platform's staff should look at, on the console and by mail.

A look a minute raises and ends them. Mail goes to all platform staff together, at most every
MAIL_EVERY with LINES_MAX hosts, and of the same once in QUIET.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from hosting.mail import emails, outbox
from hosting.models import Host, StaffUser
from relay.hosts import allowances
from relay.models import HostAlert, RelayHost
from server.database import connection

LATE_S: Final = 600  # a host whose commits are that old when they come is behind
SURGE: Final = 300  # events refused between two looks
LINES_MAX: Final = 20
READERS_MAX: Final = 50
MAIL_EVERY: Final = timedelta(minutes=15)
QUIET: Final = timedelta(days=1)
GONE: Final = timedelta(days=7)  # silent for longer: nobody need look any more
_FOUND_MAX: Final = 500  # of a kind
_OURS: Final = ("throttled", "taken-down", "domain-banned")  # refusals that are our own wish
Kind = HostAlert.Kind

# How much more was refused and accepted of each host than at the look before, if there was one.
_SURGING: Final = """
    WITH refused AS (
        SELECT host_id, sum(count)::bigint AS count FROM relay_rejection
        WHERE reason <> ALL (%s) GROUP BY host_id
    ), found AS (
        SELECT h.id, r.count AS rejected, h.accepted_count AS accepted,
            r.count - w.rejected AS more_rejected, h.accepted_count - w.accepted AS more_accepted
        FROM relay_host h JOIN refused r ON r.host_id = h.id
        LEFT JOIN relay_host_watch w ON w.host_id = h.id
        WHERE h.inside_id IS NULL AND (
            w.host_id IS NULL OR r.count <> w.rejected OR h.accepted_count <> w.accepted
        )
    ), kept AS (
        INSERT INTO relay_host_watch (host_id, accepted, rejected)
        SELECT id, accepted, rejected FROM found
        ON CONFLICT (host_id) DO UPDATE SET accepted = excluded.accepted,
            rejected = excluded.rejected
    )
    SELECT id, more_rejected, more_accepted FROM found WHERE more_rejected >= %s
"""
_RAISE: Final = """
    INSERT INTO relay_host_alert AS a (host_id, kind, figure, raised_at)
    SELECT host_id, kind, figure, now()
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS n (host_id, kind, figure)
    ON CONFLICT (host_id, kind) DO UPDATE SET figure = excluded.figure, ended_at = NULL,
        raised_at = CASE WHEN a.ended_at IS NULL THEN a.raised_at ELSE now() END
    RETURNING a.id
"""

logger = structlog.stdlib.get_logger(__name__)


def is_near_limit(host: RelayHost) -> bool:
    """Whether an outside host's accounts fill ALERT_SHARE of what it may have; not where staff let
    it have none, which is as they wish."""
    is_outside = host.inside_id is None and host.status != RelayHost.Status.BANNED
    share = host.account_limit * allowances.ALERT_SHARE
    return is_outside and host.account_count >= share > 0


def now_open(most: int) -> list[HostAlert]:
    """What is the matter now, the newest first, and so many at the most."""
    found = HostAlert.objects.filter(ended_at__isnull=True).select_related("host")
    return list(found.order_by("-raised_at", "-id")[:most])


def watch() -> None:
    """One look: raise, end, write. May run twice: then the other one waits."""
    with transaction.atomic():
        connection.execute("LOCK TABLE relay_host_alert IN SHARE ROW EXCLUSIVE MODE", ())
        found = dict(_found())
        columns = [list(column) for column in zip(*found, strict=True)] or [[], []]
        raised = connection.rows(_RAISE, (*columns, list(found.values())))
        over = HostAlert.objects.filter(ended_at__isnull=True)
        over.exclude(pk__in=[key for (key,) in raised]).update(ended_at=timezone.now())
        _write(timezone.now())


def _found() -> Iterator[tuple[tuple[int, str], int]]:
    """What is the matter: the host, the kind and a figure."""
    outside = RelayHost.objects.filter(inside_id__isnull=True)
    outside = outside.exclude(status=RelayHost.Status.BANNED).order_by("id")
    limited = outside.filter(account_limit__gt=0)  # is_near_limit
    near = limited.filter(account_count__gte=F("account_limit") * allowances.ALERT_SHARE)
    for key, count, limit in near.values_list("pk", "account_count", "account_limit")[:_FOUND_MAX]:
        yield (key, Kind.ACCOUNTS), count * 100 // limit
    share = round(allowances.ALERT_SHARE * 100)
    beyond = outside.filter(Q(rate_use__gte=share) | Q(status=RelayHost.Status.THROTTLED))
    for key, rate_use in beyond.values_list("pk", "rate_use")[:_FOUND_MAX]:
        yield (key, Kind.EVENTS), max(rate_use, share)
    lately = timezone.now() - timedelta(seconds=LATE_S)
    is_late = Q(lag_s__gte=LATE_S, last_event_at__gte=lately)
    is_off = Q(status=RelayHost.Status.OFFLINE, last_event_at__gte=timezone.now() - GONE)
    behind = outside.filter(is_late | is_off).values_list("pk", "status", "lag_s")
    for key, status, lag_s in behind[:_FOUND_MAX]:
        yield (key, Kind.LAG), 0 if status == RelayHost.Status.OFFLINE else lag_s or 0
    for host_id, refused, accepted in connection.rows(_SURGING, (list(_OURS), SURGE)):
        if refused > accepted:
            yield (host_id, Kind.REJECTIONS), refused


def _write(now: datetime) -> None:
    """A letter of what is new, if there is anything and the last is long enough ago."""
    last = HostAlert.objects.aggregate(at=Max("mailed_at"))["at"]
    new = HostAlert.objects.filter(ended_at__isnull=True).filter(
        Q(mailed_at__isnull=True) | Q(mailed_at__lt=now - QUIET) & Q(mailed_at__lt=F("raised_at"))
    )
    count = new.count()
    if not count or (last is not None and last > now - MAIL_EVERY):
        return
    lines = list(new.select_related("host").order_by("raised_at", "id")[:LINES_MAX])
    for alert in lines:  # for whoever watches logs
        about = {"host": alert.host.hostname, "kind": alert.kind, "figure": alert.figure}
        logger.warning("a host needs looking at", **about)
    _post({"alerts": lines, "more": count - len(lines), "relay": settings.RELAY_HOST})
    new.update(mailed_at=now)


def _post(context: Mapping[str, Any]) -> None:
    """To all platform staff who have an address, from the platform's first host."""
    host = Host.objects.order_by("pk").select_related("tenant").first()
    readers = StaffUser.objects.filter(is_platform_staff=True, is_active=True).exclude(email="")
    if host is None:
        return
    for address in readers.order_by("pk").values_list("email", flat=True)[:READERS_MAX]:
        outbox.post(host, address, emails.RELAY_ALERTS, context)
