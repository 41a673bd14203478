"""What was changed of a tenant as a whole, on the record: an entry at its first host.

A tenant without hosts has no audit log, and neither has the platform: what is changed of those is
a `PlatformEntry`.
"""

from urllib.parse import urlsplit

from hosting.models import Host, Tenant
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from provider.models import PlatformEntry, Webhook

_WHAT_MAX_CHARS = 2_000


def note(by: Actor, tenant: Tenant | None, what: str, about: str = "") -> None:
    """Say what `by` did, in the transaction that does it. `about`: what of the platform's."""
    host = Host.objects.first_of(tenant)
    if host is not None:
        audit.record_at_host(by, host, AuditEntry.Action.HOST_CHANGE_SETTINGS, what)
    else:
        note_of_platform(by, about or (f"tenant {tenant.slug}" if tenant else "platform"), what)


def note_of_platform(by: Actor, about: str, what: str) -> None:
    """Say the same of what is the platform's."""
    PlatformEntry.objects.create(about=about, who=str(by), what=what[:_WHAT_MAX_CHARS])


def note_webhook(by: Actor, webhook: Webhook, what: str) -> None:
    """The same of a webhook, without what an address may hide in its path."""
    said = f"webhook {webhook.pk} at {urlsplit(webhook.url).hostname}: {what}"
    note(by, webhook.tenant, said, "webhooks")


def of_platform(about: str, limit: int = 100) -> list[PlatformEntry]:
    """What was noted about one thing of the platform's, the newest first."""
    return list(PlatformEntry.objects.filter(about=about).order_by("-pk")[:limit])
