"""Records for webhooks that name collections: the firehose is read once for all of them.

Nothing of this is on the way of a write. One reader looks at what is new, and opens only the events
of hosts whose tenant (or the platform) has such a webhook: another webhook costs nothing until
something is told to it. A webhook is behind, and read for by itself until it has caught up, when it
was disabled or took nothing for as long as REPLAYED_MOST of its messages waited; what retention
takes meanwhile it does not get.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest

from hosting.models import Host
from provider.models import Webhook, WebhookDelivery, WebhookReader
from provider.webhooks import deliveries
from provider.webhooks.addresses import REPLAYED_MOST, newest_position
from provider.webhooks.wanted_records import StoredEvent, Wanted
from server.database import connection
from server.jobs import round_robin

_EVENTS_AT_ONCE: Final = 500
BYTES_AT_ONCE: Final = 4 * 1024 * 1024  # one event may have a million
_ROUND_S: Final = 10.0
_TOGETHER: Final = ~Q(collections=[]) & Q(is_behind=False)
_ALONE: Final = ~Q(collections=[]) & Q(is_behind=True, disabled_at__isnull=True)
_HOSTS: Final = """
    SELECT DISTINCT host_id FROM event WHERE position > %s AND position <= %s AND kind = 1
"""
_EVENTS: Final = """
    SELECT host_id, kind, body, seq_at, created_at, seq, position FROM (
        SELECT *, sum(octet_length(body)) OVER (ORDER BY position) AS bytes FROM event
        WHERE position > %s AND position <= %s AND kind = 1 AND host_id = ANY(%s)
    ) e WHERE bytes - octet_length(body) < %s ORDER BY position
"""


def read_on() -> int:
    """Every few seconds: what was written since; how many messages were made. May run twice."""
    begun, made = time.monotonic(), 0
    while time.monotonic() < begun + _ROUND_S / 2 and (count := _read_for_all()) is not None:
        made += count
    caught_up: list[int] = []
    behind = Webhook.objects.filter(_ALONE).values_list("pk", flat=True)
    works = [_catching_up(pk, caught_up) for pk in behind]
    round_robin.run(works, begun + _ROUND_S - time.monotonic())
    return made + sum(caught_up)


def _catching_up(webhook_id: int, made: list[int]) -> Iterator[None]:
    while (count := _catch_up(webhook_id)) is not None:
        made.append(count)
        yield


@transaction.atomic
def _read_for_all() -> int | None:
    """The messages of the next events; None when there are no more, or another process reads."""
    reader = WebhookReader.objects.select_for_update(skip_locked=True).first() or _first_reader()
    if reader is None:
        return None
    newest = newest_position()
    if newest <= reader.position:
        return None
    webhooks = Webhook.objects.filter(_TOGETHER)
    _leave_behind(webhooks.filter(disabled_at__isnull=False), reader.position)
    if not webhooks.exists():
        reader.position, made = newest, 0
    else:
        until = min(newest, reader.position + _EVENTS_AT_ONCE)
        reader.position, made = _read(webhooks, reader.position, until, {})
    reader.save(update_fields=["position"])
    return made


@transaction.atomic
def _catch_up(webhook_id: int) -> int | None:
    """The same for one that is behind; None when it takes no more, or is behind no longer."""
    reader = WebhookReader.objects.select_for_update().first()
    rows = Webhook.objects.select_for_update(skip_locked=True, of=("self",))
    webhook = rows.filter(_ALONE, pk=webhook_id).first()
    if reader is None or webhook is None or _is_full(webhook):
        return None
    begin = webhook.record_position
    until = min(reader.position, begin + _EVENTS_AT_ONCE)
    only = Webhook.objects.filter(pk=webhook_id)
    reached, made = begin, 0
    if begin < until:
        reached, made = _read(only, begin, until, {webhook_id: False})
    only.update(record_position=reached, is_behind=reached < reader.position)
    return made


def _first_reader() -> WebhookReader | None:
    """A reader where there was none yet; every webhook goes on from where it was. None while
    another process has the one that there is."""
    if WebhookReader.objects.exists():
        return None
    reader, is_new = WebhookReader.objects.get_or_create(
        pk=1, defaults={"position": newest_position()}
    )
    if is_new:
        Webhook.objects.exclude(collections=[]).update(is_behind=True)
    return reader if is_new else None


def _read(
    webhooks: QuerySet[Webhook], begin: int, until: int, full: dict[int, bool]
) -> tuple[int, int]:
    """Up to where was read, and how many messages were made for these webhooks. `full`: which of
    them take no more, as far as it is known."""
    host_ids = [row[0] for row in connection.rows(_HOSTS, (begin, until))]
    if not host_ids:
        return until, 0
    hosts = Host.objects.in_bulk(host_ids)
    tenants = {host.tenant_id for host in hosts.values()}
    asking = list(webhooks.filter(Q(tenant=None) | Q(tenant__in=tenants)))
    if not asking:
        return until, 0
    if all(webhook.tenant_id is not None for webhook in asking):
        whose = {webhook.tenant_id for webhook in asking}
        hosts = {pk: host for pk, host in hosts.items() if host.tenant_id in whose}
    found = connection.rows(_EVENTS, (begin, until, list(hosts), BYTES_AT_ONCE))
    events = [StoredEvent(*row) for row in found]
    if sum(len(event.body) for event in events) >= BYTES_AT_ONCE:
        until = events[-1].position  # there may be more before the place that was asked for
    return until, _tell(Wanted(asking, hosts), events, begin, full)


def _tell(wanted: Wanted, events: Sequence[StoredEvent], begin: int, full: dict[int, bool]) -> int:
    """Write down the messages of these events; how many. Who takes no more is left behind."""
    made: list[WebhookDelivery] = []
    count = size = 0
    for event in events:
        for webhook, message in wanted.messages(event):
            if webhook.pk not in full:
                full[webhook.pk] = _is_full(webhook)
            if not full[webhook.pk]:
                made.append(message)
                count, size = count + 1, size + len(message.body)
        if size >= BYTES_AT_ONCE:
            _write(made)
            made, size = [], 0
    _write(made)
    _leave_behind(Webhook.objects.filter(pk__in=[pk for pk in full if full[pk]]), begin)
    return count


def _write(messages: Sequence[WebhookDelivery]) -> None:
    for row in WebhookDelivery.objects.bulk_create(messages):
        transaction.on_commit(partial(deliveries.queue.wake, row.pk))


def _is_full(webhook: Webhook) -> bool:
    return webhook.deliveries.open()[:REPLAYED_MOST].count() >= REPLAYED_MOST


def _leave_behind(webhooks: QuerySet[Webhook], position: int) -> None:
    """Whatever comes after that position is for each of them alone to read; or after its own,
    where that is higher."""
    reached = Greatest("record_position", position)
    webhooks.update(record_position=reached, is_behind=True)
