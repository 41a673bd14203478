"""The deny list of blobs: bytes that nobody may upload to a host, each change on the record.

The list itself, and who looks at it: `repos.blobs.scanning.deny_list`. Uploads of before stay what
they are; `takedowns.take_down_blob` is for those.
"""

from django.db import transaction

from hosting.models import Host
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol import cid
from repos.models import DeniedBlob

Action = AuditEntry.Action


def deny(actor: Actor, host: Host, blob_cid: bytes, reason: str) -> AuditEntry:
    """Refuse these bytes from now on; a repetition takes the new reason.

    Raises NotAllowed, ReasonNeeded.
    """
    reason = permissions.checked(actor, Deed.DENY_LIST, host.tenant_id, reason)
    with transaction.atomic():
        DeniedBlob.objects.update_or_create(
            host_id=host.pk, cid=blob_cid, defaults={"reason": reason}
        )
        return _record(actor, host, Action.BLOB_DENY, blob_cid, reason)


def allow(actor: Actor, host: Host, blob_cid: bytes, reason: str) -> AuditEntry:
    """Take these bytes off the host's list; nothing happens to those that are not on it.

    Raises NotAllowed, ReasonNeeded.
    """
    reason = permissions.checked(actor, Deed.DENY_LIST, host.tenant_id, reason)
    with transaction.atomic():
        DeniedBlob.objects.filter(host_id=host.pk, cid=blob_cid).delete()
        return _record(actor, host, Action.BLOB_ALLOW, blob_cid, reason)


def denied(host: Host) -> list[tuple[str, str]]:
    """What the host's list holds, newest first: CID and reason."""
    rows = DeniedBlob.objects.filter(host_id=host.pk).order_by("-created_at")
    return [(cid.to_text(bytes(row.cid)), row.reason) for row in rows]


def _record(
    actor: Actor, host: Host, action: AuditEntry.Action, blob_cid: bytes, reason: str
) -> AuditEntry:
    return audit.record_at_host(actor, host, action, reason, cid=cid.to_text(blob_cid))
