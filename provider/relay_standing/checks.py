"""The checks of hosts at relays: in turns, each pair twice an hour, or less often where there are
more than a round takes.

The first silence of a relay ends its round, so that one that is down costs little. What is newly
amiss is told by webhook, and to the tenant's support address where it is theirs to act upon.
"""

import time
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hosting.mail import emails, outbox
from hosting.models import Host
from provider.models import RelayStanding
from provider.relay_standing import asking, warnings
from provider.relay_standing.asking import Answer
from provider.relay_standing.warnings import Warned
from provider.webhooks import events
from server.database import connection

PERIOD_S: Final = 1_800
_PAIRS_A_ROUND: Final = 50
_ROUND_S: Final = 40.0
_EVENTS_COUNTED_MAX: Final = 30_000
_MAILED: Final = frozenset({Warned.BANNED, Warned.THROTTLED, Warned.NEAR_ALLOWANCE})
_DUE: Final = """
    SELECT p.host_id, p.relay FROM crawl_ping p
    LEFT JOIN relay_standing s ON s.host_id = p.host_id AND s.relay = p.relay
    WHERE p.relay = ANY(%s) AND p.state = 'asked'
        AND (s.id IS NULL OR s.checked_at < now() - make_interval(secs => %s))
    ORDER BY s.checked_at NULLS FIRST, p.host_id LIMIT %s
"""
_LAST_SEQ: Final = "SELECT last_seq FROM event_counter WHERE host_id = %s"
_RATES: Final = """
    SELECT count(*) FILTER (WHERE created_at > now() - interval '1 hour'), count(*)
    FROM event WHERE host_id = %s AND seq > %s AND created_at > now() - interval '1 day'
"""


def check_due() -> int:
    """A round; how many pairs were looked at. May run twice, and in two places."""
    ends_s, silent, count = time.monotonic() + _ROUND_S, set(), 0
    due = connection.rows(_DUE, (list(settings.CRAWLERS), PERIOD_S, _PAIRS_A_ROUND))
    for host_id, relay in due:
        if relay in silent or time.monotonic() > ends_s:
            continue
        host = Host.objects.select_related("tenant").filter(pk=host_id).first()
        if host is not None:
            count += 1
            if check(host, relay).error:
                silent.add(relay)
    return count


def check(host: Host, relay: str) -> RelayStanding:
    """Ask one relay about one host, and note what it said."""
    return _note(host, relay, asking.ask(relay, host))


def of_host(host: Host) -> list[RelayStanding]:
    """What the configured relays last said of a host."""
    found = RelayStanding.objects.filter(host=host, relay__in=settings.CRAWLERS)
    return list(found.select_related("host__tenant").order_by("relay"))


@transaction.atomic
def _note(host: Host, relay: str, answer: Answer) -> RelayStanding:
    rows = RelayStanding.objects.select_for_update(of=("self",))
    standing = rows.filter(host=host, relay=relay).first() or RelayStanding(host=host, relay=relay)
    before = set(standing.warnings)
    counted = connection.row(_LAST_SEQ, (host.pk,))
    standing.own_seq = counted[0] if counted else 0
    rates = connection.row(_RATES, (host.pk, standing.own_seq - _EVENTS_COUNTED_MAX)) or (0, 0)
    standing.hour_count, standing.day_count = rates
    standing.checked_at, standing.error = timezone.now(), answer.error
    if not answer.error:
        standing.status, standing.seq = answer.status, answer.seq
        standing.account_count = answer.account_count
        standing.sampled_count, standing.throttled_count = answer.sampled, answer.throttled
        standing.missing_count = answer.missing
    standing.warnings = warnings.of(standing)
    standing.save()
    _tell(standing, [each for each in standing.warnings if each not in before])
    return standing


def _tell(standing: RelayStanding, news: list[str]) -> None:
    for each in news:
        said = {"relay": standing.relay, "warning": each, "status": standing.status}
        events.tell(standing.host, events.Event.HOST_RELAY_WARNING, said)
    address = standing.host.tenant.support_email
    mailed = [Warned(each) for each in news if each in _MAILED]
    if mailed and address:
        sentences = [warnings.SENTENCES[each] for each in mailed]
        where = f"{standing.host.hostname}, {standing.relay}"
        content = "\n".join([where, *sentences])
        words = emails.from_staff(_("A relay limits your host"), content)
        outbox.post(standing.host, address, emails.FROM_STAFF, words)
