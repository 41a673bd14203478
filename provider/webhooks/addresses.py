"""Addresses of webhooks: made, changed, their secrets rotated, events told again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hosting.models import Tenant
from protocol.syntax import is_nsid
from provider.errors import InvalidField, first_fault
from provider.models import Webhook, WebhookDelivery
from provider.webhooks import events as told
from provider.webhooks import signing
from provider.webhooks.events import Event
from server.database import connection
from server.encryption import keyring

MOST_A_TENANT: Final = 20
REPLAYED_MOST: Final = 10_000
_LOCKS: Final = 0x77656268  # the first half of these advisory locks' keys: "webh"
_REPLAYS: Final = 0x7265706C  # of those that keep two replays apart: "repl"
OLD_SECRET_LIVES: Final = timedelta(hours=24)


def create(
    tenant: Tenant | None,
    url: str,
    events: Sequence[str],
    *,
    has_addresses: bool = False,
    collections: Sequence[str] = (),
) -> tuple[Webhook, str]:
    """An address, and its secret as the receiver configures it, which is shown once.

    No events: all of them. Raises InvalidField.
    """
    secret = signing.new_secret()
    webhook = Webhook(tenant=tenant, secret=keyring.wrap(secret))
    with transaction.atomic():  # two at once: one after the other, so that both count
        connection.row("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCKS, tenant.pk if tenant else 0))
        if Webhook.objects.filter(tenant=tenant).count() >= MOST_A_TENANT:
            said = f"There are {MOST_A_TENANT} webhooks already."
            raise InvalidField("url", said, _("There are as many as there may be."))
        change(
            webhook, url=url, events=events, has_addresses=has_addresses, collections=collections
        )
    return webhook, signing.shown(secret)


def change(  # noqa: PLR0913 - a webhook has that many sides
    webhook: Webhook,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    has_addresses: bool | None = None,
    is_enabled: bool | None = None,
    collections: Sequence[str] | None = None,
) -> None:
    """Change what is given, and no other column: the workers move them at the same moment. Raises
    InvalidField."""
    columns = []
    if url is not None:
        schemes = ("https://", "http://") if settings.SANDBOX else ("https://",)
        if not url.startswith(schemes):
            said = "Enter an address with https."
            raise InvalidField("url", said, _("Enter an address with https."))
        webhook.url = url
        columns += ["url"]
    if events is not None:
        if unknown := set(events) - set(Event):
            raise InvalidField("events", f"There is no event {min(unknown)}.")
        webhook.events = sorted(events)
        columns += ["events"]
    if collections is not None:
        columns += _set_collections(webhook, collections)
    if has_addresses is not None:
        webhook.has_addresses = has_addresses
        columns += ["has_addresses"]
    if is_enabled is not None:
        webhook.disabled_at = None if is_enabled else webhook.disabled_at or timezone.now()
        webhook.failing_since = None
        columns += ["disabled_at", "failing_since"]
    try:
        webhook.full_clean(exclude=["events", "collections"])
    except ValidationError as fault:
        raise first_fault(fault) from fault
    webhook.save(update_fields=None if webhook.pk is None else columns)
    told.forget()
    transaction.on_commit(told.forget)


def newest_position() -> int:
    """How far the platform's firehoses are."""
    found = connection.row("SELECT last_seq FROM event_counter WHERE host_id = 0", ())
    return found[0] if found else 0


def _set_collections(webhook: Webhook, collections: Sequence[str]) -> list[str]:
    """Records are told from now on; the columns that say so."""
    for name in collections:
        if not is_nsid(f"{name[:-1]}a" if name.endswith(".*") else name):
            said = _("%s is no collection.") % name[:80]
            raise InvalidField("collections", f"{name[:80]} is no collection.", said)
    columns = ["collections"]
    if not webhook.collections:
        webhook.record_position, webhook.is_behind = newest_position(), False
        columns += ["record_position", "is_behind"]
    webhook.collections = sorted(set(collections))
    return columns


def rotate(webhook: Webhook) -> str:
    """Another secret; the one before signs beside it for a day."""
    secret = signing.new_secret()
    webhook.old_secret = webhook.secret
    webhook.old_secret_ends_at = timezone.now() + OLD_SECRET_LIVES
    webhook.secret = keyring.wrap(secret)
    webhook.save(update_fields=["old_secret", "old_secret_ends_at", "secret"])
    return signing.shown(secret)


def replay(webhook: Webhook, since: datetime, until: datetime) -> int:
    """Tell again what happened between two moments, each once under its id of before; how many
    events. What waits is not told twice, and no more than REPLAYED_MOST wait: whoever asks again
    has to take those first."""
    between = Q(created_at__gte=since, created_at__lt=until)
    return _replay(webhook.pk, between)


def replay_one(delivery: WebhookDelivery) -> int:
    """Tell one event again, by the same rules: 1 or 0."""
    return _replay(delivery.webhook_id, Q(pk=delivery.pk))


@transaction.atomic
def _replay(webhook_id: int, which: Q) -> int:
    connection.row("SELECT pg_advisory_xact_lock(%s, %s)", (_REPLAYS, webhook_id))
    deliveries = WebhookDelivery.objects.filter(webhook=webhook_id)
    waiting = deliveries.open()
    anew = deliveries.filter(which).exclude(message_id__in=waiting.values("message_id")).order_by()
    first = anew.values("message_id").annotate(first=Min("pk")).values("first")
    told = deliveries.filter(pk__in=first).order_by("pk")  # as it happened
    room = REPLAYED_MOST - waiting[:REPLAYED_MOST].count()
    return len(WebhookDelivery.objects.bulk_create(map(_again, told[:room])))


def _again(told: WebhookDelivery) -> WebhookDelivery:
    return WebhookDelivery(
        webhook_id=told.webhook_id, message_id=told.message_id, event=told.event, body=told.body
    )
