"""Records for webhooks that name collections: read from the firehose, each webhook at its place.

Nothing of this is on the way of a write. A webhook that takes nothing is read on for no longer than
REPLAYED_MOST of its messages wait; what retention takes meanwhile it does not get.
"""

import secrets
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import orjson
from django.db import transaction

from hosting.models import Host
from provider.models import Webhook, WebhookDelivery
from provider.webhooks import deliveries
from provider.webhooks.addresses import REPLAYED_MOST, newest_position
from provider.webhooks.events import Event
from repos.events.json_streams import encoding
from server.database import connection

_EVENTS_AT_ONCE: Final = 500
BYTES_AT_ONCE: Final = 4 * 1024 * 1024  # one event may have a million
_ROUND_S: Final = 10.0
_EVENTS: Final = """
    SELECT host_id, kind, body, seq_at, created_at, seq, position FROM (
        SELECT *, sum(octet_length(body)) OVER (ORDER BY position) AS bytes FROM event
        WHERE position > %s AND position <= %s AND (%s::bigint[] IS NULL OR host_id = ANY(%s))
    ) e WHERE bytes - octet_length(body) < %s ORDER BY position
"""
_NAMES: Final = {
    "create": Event.RECORD_CREATED, "update": Event.RECORD_UPDATED, "delete": Event.RECORD_DELETED
}  # fmt: skip


def read_on() -> int:
    """Every few seconds: what was written since; how many messages were made. May run twice."""
    ends_s, made = time.monotonic() + _ROUND_S, 0
    reading = Webhook.objects.exclude(collections=[]).filter(disabled_at__isnull=True)
    behind = reading.filter(record_position__lt=newest_position()).order_by("record_position")
    for pk in behind.values_list("pk", flat=True):
        while time.monotonic() < ends_s and (count := _some(pk)) is not None:
            made += count
    return made


@transaction.atomic
def _some(webhook_id: int) -> int | None:
    """The messages of some events; None when there are no more, or another process reads them."""
    rows = Webhook.objects.select_for_update(skip_locked=True, of=("self",))
    webhook = rows.filter(pk=webhook_id).first()
    if webhook is None or not webhook.collections:
        return None
    if webhook.deliveries.open()[:REPLAYED_MOST].count() >= REPLAYED_MOST:
        return None
    until = min(newest_position(), webhook.record_position + _EVENTS_AT_ONCE)
    if until <= webhook.record_position:
        return None
    names = _hosts(webhook)
    ids = None if webhook.tenant_id is None else list(names)
    asked = (webhook.record_position, until, ids, ids, BYTES_AT_ONCE)
    found = connection.rows(_EVENTS, asked)
    if sum(len(event[2]) for event in found) >= BYTES_AT_ONCE:
        until = found[-1][-1]  # there may be more before the place that was asked for
    messages = [message for event in found for message in _messages(webhook, names, event)]
    for row in WebhookDelivery.objects.bulk_create(messages):
        transaction.on_commit(partial(deliveries.queue.wake, row.pk))
    Webhook.objects.filter(pk=webhook_id).update(record_position=until)
    return len(messages)


def _messages(
    webhook: Webhook, names: dict[int, str], event: tuple[Any, ...]
) -> Iterator[WebhookDelivery]:
    host_id, kind, body, seq_at, stored_at, seq, _position = event
    for part in encoding.parts(encoding.frame(kind, bytes(body), seq_at, stored_at, seq)):
        if part.kind != encoding.COMMIT or not _is_wanted(webhook, part.collection.decode()):
            continue
        said = orjson.loads(b"{%b}" % part.inner)  # noqa: TID251 - written by us
        name = _NAMES[said.pop("operation")]
        if webhook.events and name not in webhook.events:
            continue
        if host_id not in names:
            names[host_id] = _hostname(host_id)
        where = {"host": names[host_id], "did": part.did.decode()}
        whole = {"type": name, "timestamp": stored_at, "data": {**where, **said}}
        yield WebhookDelivery(
            webhook=webhook,
            message_id=f"msg_{secrets.token_hex(12)}",
            event=name,
            body=orjson.dumps(whole).decode(),
        )


def _is_wanted(webhook: Webhook, collection: str) -> bool:
    """By its name, or by the beginning of it: `app.bsky.feed.*`."""
    return any(
        collection.startswith(wanted[:-1]) if wanted.endswith(".*") else collection == wanted
        for wanted in webhook.collections
    )


def _hosts(webhook: Webhook) -> dict[int, str]:
    """The names of its tenant's hosts; all others are asked for as they come, each once."""
    if webhook.tenant_id is None:
        return {}
    return dict(Host.objects.filter(tenant=webhook.tenant_id).values_list("pk", "hostname"))


def _hostname(host_id: int) -> str:
    return str(Host.objects.filter(pk=host_id).values_list("hostname", flat=True).first() or "")
