"""Delivery of webhooks: one claimed attempt at a time, no transaction open.

Any 2xx is a yes. Everything else, silence included, is tried again with growing pauses for two
days; an address that took nothing for as long is disabled, and the tenant is told by mail. A crash
between their yes and ours repeats a message, under the same `webhook-id`.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hosting.mail import emails, outbox
from hosting.models import Host
from provider.models import Webhook, WebhookDelivery
from provider.webhooks import signing
from server.encryption import keyring
from server.jobs.back_off import pause_after
from server.jobs.leased_job import LeasedJobQuerySet
from server.jobs.life_cycle import OPEN
from server.jobs.queue import Queue
from server.net import http_client

logger = structlog.stdlib.get_logger(__name__)
TRIED_FOR: Final = timedelta(days=2)
KEPT_FOR: Final = timedelta(days=30)
RUNNING_OF_TENANT: Final = 5  # attempts at a time
RECORDS_KEPT_FOR: Final = timedelta(days=3)  # what people wrote, and may have deleted since
_TIMEOUT_S: Final = 10.0
_ANSWER_MAX_BYTES: Final = 64 * 1024
_LEASE: Final = timedelta(seconds=3 * _TIMEOUT_S)
_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(hours=2)
_OF_RECORDS: Final = "record."  # how the names of those events begin
State = WebhookDelivery.State


def deliver(delivery_id: int) -> None:
    """Make one attempt, when one is due and its tenant has not as many under way as it may. Safe to
    repeat and to run in two places at once."""
    if WebhookDelivery.objects.filter(pk=delivery_id, webhook__in=_busy()).exists():
        return
    delivery = WebhookDelivery.objects.select_related("webhook__tenant").claim(delivery_id, _LEASE)
    if delivery is None:
        return
    webhook = delivery.webhook
    if webhook.disabled_at is not None:
        delivery.finish(State.FAILED, "the address is disabled")
        return
    status, fault = _sent(delivery, webhook)
    if not fault:
        if delivery.finish(State.DELIVERED, "", status=status) and webhook.failing_since:
            Webhook.objects.filter(pk=webhook.pk).update(failing_since=None)
        return
    _failed(delivery, webhook, status, fault)


class _Deliveries(Queue):
    """Those of tenants with as many under way as they may are left for a later sweep."""

    def waiting(self) -> LeasedJobQuerySet[Any]:
        """See above."""
        return super().waiting().exclude(webhook__in=_busy())


queue: Final = _Deliveries(
    WebhookDelivery, "provider.deliver_webhook", deliver, running_max=20, is_for_workers=True
)


def _busy() -> list[int]:
    """The webhooks of those tenants: addresses that take ten seconds each hold up no others."""
    leased = Q(deliveries__state=State.RUNNING, deliveries__next_attempt_at__gt=timezone.now())
    running = Webhook.objects.filter(leased).values_list("tenant").annotate(count=Count("pk"))
    full = [tenant for tenant, count in running.order_by() if count >= RUNNING_OF_TENANT]
    return (
        list(Webhook.objects.filter(tenant__in=full).values_list("pk", flat=True)) if full else []
    )


def forget_old() -> None:
    """The hourly sweep: what was decided a month ago, records days ago, and secrets whose time is
    over."""
    now = timezone.now()
    decided = WebhookDelivery.objects.exclude(state__in=OPEN)
    decided.filter(created_at__lt=now - KEPT_FOR).delete()
    records = decided.filter(event__startswith=_OF_RECORDS)
    records.filter(created_at__lt=now - RECORDS_KEPT_FOR).delete()
    over = Webhook.objects.filter(old_secret_ends_at__lt=now)
    over.update(old_secret=b"", old_secret_ends_at=None)


def _sent(delivery: WebhookDelivery, webhook: Webhook) -> tuple[int | None, str]:
    """The status that came back, and what was wrong ("": nothing)."""
    body = delivery.body.encode()
    headers = signing.headers(delivery.message_id, int(time.time()), body, _secrets(webhook))
    try:
        answer = http_client.request(
            "POST",
            webhook.url,
            body=body,
            headers={**headers, "Content-Type": "application/json"},
            timeout_s=_TIMEOUT_S,
            max_bytes=_ANSWER_MAX_BYTES,
        )
    except http_client.TooLarge as long:
        status = long.status
    except http_client.RequestFailed as fault:
        return None, f"{type(fault).__name__}: no answer"
    else:
        status = answer.status
    return status, "" if 200 <= status < 300 else f"it answered {status}"


def _secrets(webhook: Webhook) -> Iterator[bytes]:
    yield keyring.unwrap(bytes(webhook.secret))
    ends_at = webhook.old_secret_ends_at
    if webhook.old_secret and ends_at is not None and ends_at > timezone.now():
        yield keyring.unwrap(bytes(webhook.old_secret))


def _failed(delivery: WebhookDelivery, webhook: Webhook, status: int | None, fault: str) -> None:
    now = timezone.now()
    if webhook.failing_since is None:
        Webhook.objects.filter(pk=webhook.pk, failing_since=None).update(failing_since=now)
    elif now - webhook.failing_since > TRIED_FOR:
        _disable(webhook, now, fault)
    if now - delivery.created_at > TRIED_FOR:
        delivery.finish(State.FAILED, fault, status=status)
    else:
        pause = pause_after(delivery.attempts, _FIRST_PAUSE, _LONGEST_PAUSE)
        delivery.postpone(now + pause, fault, status=status)


@transaction.atomic
def _disable(webhook: Webhook, now: datetime, fault: str) -> None:
    """Nothing is told to it any more; its tenant hears of it, once."""
    still = Webhook.objects.filter(pk=webhook.pk, failing_since=webhook.failing_since)
    if not still.filter(disabled_at=None).update(disabled_at=now):
        return  # or enabled anew while it was tried
    logger.warning("a webhook was disabled", key=webhook.pk, reason=fault)
    host = Host.objects.first_of(webhook.tenant)
    if host is not None and host.tenant.support_email:
        said = _(
            "Nothing was delivered to %(url)s for two days: %(fault)s. Enable it again once mended."
        )
        said %= {"url": webhook.url, "fault": fault}
        words = emails.from_staff(_("A webhook was disabled"), said)
        outbox.post(host, host.tenant.support_email, emails.FROM_STAFF, words)
