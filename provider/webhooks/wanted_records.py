"""Which webhooks want the records of a collection, and what they are told."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from hosting.models import Host
from provider.models import Webhook, WebhookDelivery
from provider.webhooks.events import Event
from repos.events.json_streams import encoding

_NAMES: Final = {
    "create": Event.RECORD_CREATED, "update": Event.RECORD_UPDATED, "delete": Event.RECORD_DELETED
}  # fmt: skip


class StoredEvent(NamedTuple):
    """An event of the firehose, as the table has it."""

    host_id: int
    kind: int
    body: bytes
    seq_at: int
    stored_at: Any
    seq: int
    position: int


class Wanted:
    """Webhooks by tenant and collection, so that a record costs as much beside thousands of them
    as beside one."""

    def __init__(self, webhooks: Sequence[Webhook], hosts: Mapping[int, Host]) -> None:
        self._hosts = hosts
        self._by_name: dict[tuple[int | None, str], list[Webhook]] = {}
        for webhook in webhooks:
            for name in webhook.collections:
                self._by_name.setdefault((webhook.tenant_id, name), []).append(webhook)

    def messages(self, event: StoredEvent) -> Iterator[tuple[Webhook, WebhookDelivery]]:
        """What is to be told of an event, and to whom; of none that somebody was told before."""
        host = self._hosts.get(event.host_id)
        if host is None:
            return
        frame = encoding.frame(
            event.kind, bytes(event.body), event.seq_at, event.stored_at, event.seq
        )
        for part in encoding.parts(frame):
            if part.kind == encoding.COMMIT:
                wanting = self._wanting(host.tenant_id, part.collection.decode())
                since = [each for each in wanting if each.record_position < event.position]
                if since:
                    yield from _messages(since, host, part, event)

    def _wanting(self, tenant_id: int, collection: str) -> Iterator[Webhook]:
        """By its name, or by the beginning of it, `app.bsky.feed.*`; each once."""
        found = {
            webhook.pk: webhook
            for name in _names(collection)
            for whose in (tenant_id, None)
            for webhook in self._by_name.get((whose, name), ())
        }
        yield from found.values()


def _names(collection: str) -> Iterator[str]:
    yield collection
    for at, character in enumerate(collection):
        if character == ".":
            yield f"{collection[: at + 1]}*"


def _messages(
    webhooks: Sequence[Webhook], host: Host, part: encoding.Part, event: StoredEvent
) -> Iterator[tuple[Webhook, WebhookDelivery]]:
    said = orjson.loads(b"{%b}" % part.inner)  # noqa: TID251 - written by us
    name = _NAMES[said.pop("operation")]
    data = {"host": host.hostname, "did": part.did.decode(), **said}
    whole = {"type": name, "timestamp": event.stored_at, "data": data}
    body = orjson.dumps(whole).decode()
    for webhook in webhooks:
        if not webhook.events or name in webhook.events:
            message_id = f"msg_{secrets.token_hex(12)}"
            yield (
                webhook,
                WebhookDelivery(webhook=webhook, message_id=message_id, event=name, body=body),
            )
