"""The deny list of blobs: bytes that nobody may upload to a host, each change on the record.

The list itself, and who looks at it: `repos.blobs.scanning.deny_list`. Uploads of before stay what
they are; `takedowns.take_down_blob` is for those.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, Tenant
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol import cid
from protocol.errors import InvalidRequest
from repos.models import DeniedBlob

Action = AuditEntry.Action
LIST_MAX_BYTES: Final = 2_000_000
DENIED_MAX: Final = 500_000  # of a host
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


class UnfitList(InvalidRequest):
    """400: not a list of CIDs and SHA-256 hashes, or too long a one."""

    message = "Not a list of CIDs of blobs or SHA-256 hashes, or too long a one"
    page_text = _("The file is not a list of CIDs or SHA-256 hashes, or it is too long.")
    field = "listed"


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


def deny_many(actor: Actor, tenant: Tenant, listed: bytes, reason: str) -> int:
    """Refuse all files of a list at every host of a tenant; how many the list names. Lines are
    CIDs or SHA-256 hashes in hex; blanks and what follows a `#` are passed over.

    Raises NotAllowed, ReasonNeeded, UnfitList.
    """
    reason = permissions.checked(actor, Deed.DENY_LIST, tenant.pk, reason)
    cids = _cids_of(listed)
    hosts = list(Host.objects.filter(tenant=tenant))
    with transaction.atomic():
        for host in hosts:
            if DeniedBlob.objects.filter(host_id=host.pk).count() + len(cids) > DENIED_MAX:
                raise UnfitList
            rows = [DeniedBlob(host_id=host.pk, cid=each, reason=reason) for each in cids]
            DeniedBlob.objects.bulk_create(rows, batch_size=2_000, ignore_conflicts=True)
            digest = hashlib.sha256(listed).hexdigest()
            said = f"{len(cids)} files, list {digest}: {reason}"
            audit.record_at_host(actor, host, Action.BLOB_DENY_MANY, said)
    return len(cids)


def allow(actor: Actor, host: Host, blob_cid: bytes, reason: str) -> AuditEntry:
    """Take these bytes off the host's list; nothing happens to those that are not on it.

    Raises NotAllowed, ReasonNeeded.
    """
    reason = permissions.checked(actor, Deed.DENY_LIST, host.tenant_id, reason)
    with transaction.atomic():
        DeniedBlob.objects.filter(host_id=host.pk, cid=blob_cid).delete()
        return _record(actor, host, Action.BLOB_ALLOW, blob_cid, reason)


def denied(host: Host) -> Iterator[tuple[str, str]]:
    """What the host's list holds, newest first: CID and reason; read as it is asked for."""
    rows = DeniedBlob.objects.filter(host_id=host.pk).order_by("-pk").values_list("cid", "reason")
    for link, reason in rows.iterator():
        yield cid.to_text(bytes(link)), reason


def _record(
    actor: Actor, host: Host, action: AuditEntry.Action, blob_cid: bytes, reason: str
) -> AuditEntry:
    return audit.record_at_host(actor, host, action, reason, cid=cid.to_text(blob_cid))


def _cids_of(listed: bytes) -> list[bytes]:
    """Raises UnfitList."""
    if len(listed) > LIST_MAX_BYTES:
        raise UnfitList
    lines = (
        line.partition("#")[0].strip() for line in listed.decode(errors="replace").splitlines()
    )
    try:
        return list(dict.fromkeys(_cid_of(line) for line in lines if line))
    except ValueError:  # an InvalidCid is one
        raise UnfitList from None


def _cid_of(text: str) -> bytes:
    """Raises ValueError for what is no blob's."""
    if _SHA256.fullmatch(text):
        return cid.raw_from_digest(bytes.fromhex(text))
    found = cid.from_text(text)
    if not cid.is_raw(found):
        raise ValueError(text)
    return found
