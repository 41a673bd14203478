"""Events of webhooks: what is told of what happens to accounts, reports and cases.

Each receiver runs in the sender's transaction and writes a row for each address that wants to know:
`{"type": "account.opened", "timestamp": "...", "data": {...}}`. Whether a tenant has webhooks at
all is remembered for some seconds, so that sign-ups of the others cost no statement.
"""

import secrets
import time
from enum import StrEnum
from functools import partial
from typing import Any, Final

import orjson
from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.utils import timezone

from accounts import signals
from accounts.models import Account
from hosting.models import Host, Tenant
from hosting.models.signals import mail_refused
from moderation.models import Case, Report
from provider.models import Webhook, WebhookDelivery
from provider.webhooks import deliveries
from server.cache.eviction import make_room

REMEMBERED_S: Final = 3.0  # as hosts are
_KNOWN_MAX: Final = 10_000  # tenants
_KNOWN: dict[int, tuple[float, bool]] = {}


class Event(StrEnum):
    """What may be told: `<noun>.<what became of it>`."""

    ACCOUNT_OPENED = "account.opened"
    ACCOUNT_MOVED_IN = "account.moved_in"
    ACCOUNT_STATUS_CHANGED = "account.status_changed"
    ACCOUNT_HANDLE_CHANGED = "account.handle_changed"
    ACCOUNT_DELETED = "account.deleted"
    REPORT_FILED = "report.filed"
    CASE_OPENED = "case.opened"
    JOB_DONE = "job.done"
    JOB_FAILED = "job.failed"
    MAIL_REFUSED = "mail.refused"
    RECORD_CREATED = "record.created"
    RECORD_UPDATED = "record.updated"
    RECORD_DELETED = "record.deleted"
    HOST_NAME_LAPSED = "host.name_lapsed"
    HOST_RELAY_WARNING = "host.relay_warning"
    QUOTA_CROSSED = "quota.crossed"
    USAGE_MONTH_CLOSED = "usage.month_closed"
    TENANT_SUSPENDED = "tenant.suspended"
    TENANT_RESUMED = "tenant.resumed"


def connect() -> None:
    """Connect the receivers; called once when Django is ready."""
    for signal, event in (
        (signals.account_opened, Event.ACCOUNT_OPENED),
        (signals.account_moved_in, Event.ACCOUNT_MOVED_IN),
        (signals.account_status_changed, Event.ACCOUNT_STATUS_CHANGED),
        (signals.handle_changed, Event.ACCOUNT_HANDLE_CHANGED),
        (signals.account_deleted, Event.ACCOUNT_DELETED),
    ):
        receiver = partial(_on_account, event)
        signal.connect(receiver, weak=False, dispatch_uid=f"provider.{event}")
    mail_refused.connect(_on_mail_refused, dispatch_uid="provider.mail_refused")
    post_save.connect(_on_report, sender=Report, dispatch_uid="provider.report_filed")
    post_save.connect(_on_case, sender=Case, dispatch_uid="provider.case_opened")


def tell(host: Host, event: Event, data: dict[str, Any], address: str = "") -> None:
    """Have every address told that wants this event of the host's tenant, in the caller's
    transaction. `address`: an e-mail address, for those that asked for them."""
    if not _has_webhooks(host.tenant_id):
        return
    _write(host.tenant_id, event, {"host": host.hostname, **data}, address)


def tell_without_host(tenant: Tenant | None, event: Event, data: dict[str, Any]) -> None:
    """The same of what is the platform's alone (None), or of a tenant that has no host."""
    _write(tenant.pk if tenant is not None else None, event, data)


def _write(tenant_id: int | None, event: Event, data: dict[str, Any], address: str = "") -> None:
    wanting = Webhook.objects.filter(
        Q(tenant_id=tenant_id) | Q(tenant=None),
        Q(events__contains=[event]) | Q(events=[]),
        disabled_at__isnull=True,
    )
    message_id, now = f"msg_{secrets.token_hex(12)}", timezone.now()
    for webhook in wanting:
        more = {"email": address} if address and webhook.has_addresses else {}
        said = {"type": event, "timestamp": now, "data": {**data, **more}}
        row = WebhookDelivery.objects.create(
            webhook=webhook, message_id=message_id, event=event, body=orjson.dumps(said).decode()
        )
        transaction.on_commit(partial(deliveries.queue.wake, row.pk))


def forget() -> None:
    """Forget who has webhooks; for whoever has just made one."""
    _KNOWN.clear()


def _has_webhooks(tenant_id: int) -> bool:
    until, known = _KNOWN.get(tenant_id, (0.0, False))
    if until > time.monotonic():
        return known
    make_room(_KNOWN, _KNOWN_MAX)
    listening = Webhook.objects.filter(Q(tenant_id=tenant_id) | Q(tenant=None))
    found = listening.filter(disabled_at__isnull=True).exists()
    _KNOWN[tenant_id] = (time.monotonic() + REMEMBERED_S, found)
    return found


def _on_account(event: Event, account: Account, **_: Any) -> None:
    data = {"did": account.did, "handle": account.handle, "status": str(account.status)}
    tell(account.host, event, data, account.email)


def _on_case(instance: Case, created: bool, **_: Any) -> None:
    if created:
        data = {"case": instance.pk, "kind": instance.kind, "subject": instance.subject}
        tell(instance.host, Event.CASE_OPENED, data)


def _on_report(instance: Report, created: bool, **_: Any) -> None:
    if created:
        subject = instance.subject_uri or instance.subject_did
        data = {"report": instance.pk, "case": instance.case_id, "subject": subject}
        tell(instance.host, Event.REPORT_FILED, {**data, "reasonType": instance.reason_type})


def _on_mail_refused(host: Host, kind: str, recipient: str, **_: Any) -> None:
    """Without the mail server's words, which quote the address."""
    tell(host, Event.MAIL_REFUSED, {"kind": kind}, recipient)
