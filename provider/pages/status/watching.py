"""The figures of the status page, looked at every minute by a worker: how long what waits longest
has waited. Four small statements for the platform, and one for the relays of all hosts.
"""

from collections import defaultdict
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hosting.models import Host
from provider.models import Component, RelayStanding, StatusFigure, Working
from provider.pages.status import incidents
from provider.relay_standing.warnings import Warned
from server.database import connection

FRESH_FOR: Final = timedelta(minutes=5)  # a figure that is older says nothing
_WAITS: Final = {
    Component.API: "SELECT 0",  # who can write the figure reaches the database
    Component.FIREHOSE: """SELECT extract(epoch FROM now() - min(created_at))::int FROM event
        WHERE seq IS NULL""",
    # What a later one overtook is its recipient's matter, or its tenant's own mail server's
    Component.MAIL: """SELECT extract(epoch FROM now() - min(created_at))::int FROM outgoing_mail
        WHERE state IN ('waiting', 'running') AND last_error <> '' AND created_at > (
            SELECT coalesce(max(created_at), '-infinity') FROM outgoing_mail
            WHERE state = 'sent')""",
    Component.PLC: """SELECT extract(epoch FROM now() - min(created_at))::int FROM plc_operation
        WHERE state IN ('waiting', 'running') AND last_failure IN ('unreachable', 'unknown')""",
}
# From how many seconds on a part is slow, and from how many on it does not work
_LIMITS: Final = {
    Component.API: (1, 1),
    Component.FIREHOSE: (30, 300),
    Component.MAIL: (600, 3_600),
    Component.PLC: (120, 900),
}
_UNREAD: Final = frozenset({Warned.SILENT, Warned.UNKNOWN, Warned.BANNED, Warned.OFFLINE})


def watch() -> None:
    """A look at all parts. May run twice, and in two places."""
    for component, statement in _WAITS.items():
        found = connection.row(statement, ())
        behind_s = max(0, found[0] or 0) if found else 0
        slow_s, down_s = _LIMITS[component]
        working = Working.UP if behind_s < slow_s else Working.SLOW
        keep(None, component, Working.DOWN if behind_s >= down_s else working, behind_s)
    _watch_relays()
    incidents.forget_old()


@transaction.atomic
def keep(host: Host | None, component: str, working: str, behind_s: int = 0) -> None:
    """Keep one figure, and follow it with an incident."""
    StatusFigure.objects.update_or_create(
        host=host,
        component=component,
        defaults={"working": working, "behind_s": behind_s, "checked_at": timezone.now()},
    )
    incidents.noticed(host, component, working)


def _watch_relays() -> None:
    """Of each host that relays were asked about: whether none, some or all of them read it. Only
    what changed is written, and what is old."""
    found: dict[int, list[bool]] = defaultdict(list)
    standings = RelayStanding.objects.filter(relay__in=settings.CRAWLERS)
    for host_id, amiss in standings.values_list("host_id", "warnings").iterator():
        found[host_id].append(bool(_UNREAD & set(amiss)))
    figures, now = StatusFigure.objects.filter(component=Component.RELAYS), timezone.now()
    kept, new = dict(figures.values_list("host_id", "working")), []
    for host_id, unread in found.items():
        working = Working.SLOW if any(unread) else Working.UP
        working = Working.DOWN if all(unread) else working
        if host_id not in kept and working == Working.UP:
            new.append(StatusFigure(host_id=host_id, component=Component.RELAYS, checked_at=now))
        elif kept.get(host_id) != working and (host := Host.objects.filter(pk=host_id).first()):
            keep(host, Component.RELAYS, working)
    StatusFigure.objects.bulk_create(new, batch_size=1_000, ignore_conflicts=True)
    old = figures.filter(checked_at__lt=now - FRESH_FOR / 2, host__in=list(found))
    old.update(checked_at=now)
