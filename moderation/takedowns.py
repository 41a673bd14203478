"""Taking accounts and single blobs down and restoring them, with a reason, on the record.

One transaction holds the account's new status, the end of its sessions, the `#account` event (sent
by repos, which hears `account_status_changed`) and the audit entry: all or none (protocol.md 2.9).
Likewise a blob's state and its entry; its bytes follow after the commit (repos.blob_quarantine).
"""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import standing
from accounts.models import Account
from hosting.models import Member, StaffUser
from moderation.models import AuditEntry
from protocol import cid
from protocol.errors import XrpcError
from repos import blob_quarantine, reads

REASON_MAX_CHARS = 2000


class NotAllowed(XrpcError):
    """403: this member of staff may look, but not act."""

    name = "Forbidden"
    status = 403


class ReasonNeeded(XrpcError):
    """400: an action without a reason is worth nothing in the log."""


def may_act(staff: StaffUser, account: Account) -> bool:
    """Whether `staff` may act on this account: its tenant's owner or moderator, or the provider."""
    return bool(staff.roles_at(account.host.tenant_id) & Member.MAY_TAKE_DOWN)


def take_down(staff: StaffUser, account: Account, reason: str) -> AuditEntry:
    """Take an account down, everywhere at once. Repeating it announces it again.

    Raises:
        NotAllowed, ReasonNeeded.
    """
    reason = _checked(staff, account, reason)
    with transaction.atomic():
        entry = _record(staff, account, AuditEntry.Action.ACCOUNT_TAKE_DOWN, reason)
        standing.take_down(account, ref=str(entry.pk))
    return entry


def restore(staff: StaffUser, account: Account, reason: str) -> AuditEntry:
    """Lift a takedown. The account is what it was before: active, deactivated or suspended.

    Raises:
        NotAllowed, ReasonNeeded.
    """
    reason = _checked(staff, account, reason)
    with transaction.atomic():
        entry = _record(staff, account, AuditEntry.Action.ACCOUNT_RESTORE, reason)
        standing.restore(account)
    return entry


def take_down_blob(staff: StaffUser, account: Account, blob_cid: bytes, reason: str) -> AuditEntry:
    """Take one blob of an account out of everybody's sight; the record that shows it stays.

    Raises:
        NotAllowed, ReasonNeeded, BlobNotFound.
    """
    reason = _checked(staff, account, reason)
    repo = reads.find_repo(account.host, account.did)
    with transaction.atomic():
        entry = _record(staff, account, AuditEntry.Action.BLOB_TAKE_DOWN, reason, blob_cid)
        blob_quarantine.quarantine(repo, blob_cid)
    return entry


def restore_blob(staff: StaffUser, account: Account, blob_cid: bytes, reason: str) -> AuditEntry:
    """Give a blob back, byte for byte.

    Raises:
        NotAllowed, ReasonNeeded, BlobNotFound.
    """
    reason = _checked(staff, account, reason)
    repo = reads.find_repo(account.host, account.did)
    with transaction.atomic():
        entry = _record(staff, account, AuditEntry.Action.BLOB_RESTORE, reason, blob_cid)
        blob_quarantine.release(repo, blob_cid)
    return entry


def _checked(staff: StaffUser, account: Account, reason: str) -> str:
    if not may_act(staff, account):
        raise NotAllowed(_("Your role does not allow takedowns."))
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(_("Give a reason: it goes into the audit log."))
    return reason[:REASON_MAX_CHARS]


def _record(
    staff: StaffUser,
    account: Account,
    action: AuditEntry.Action,
    reason: str,
    blob_cid: bytes | None = None,
) -> AuditEntry:
    return AuditEntry.objects.create(
        host=account.host,
        staff=staff,
        action=action,
        subject_did=account.did,
        subject_handle=account.handle or "",
        subject_cid=cid.to_text(blob_cid) if blob_cid else "",
        reason=reason,
    )
