"""Takedowns of accounts, records and blobs, and their end, with a reason, on the record.

One transaction holds the account's new status, the end of its sessions, the `#account` event (sent
by repos, which hears `account_status_changed`) and the audit entry: all or none.
Likewise a record's state (repos.lifecycle.record_takedowns) or a blob's, whose bytes follow after
the commit (repos.blobs.quarantine), and its entry. Whoever acts is staff, whose role is checked
here, or comes through com.atproto.admin.*, where the edge has checked who it is.
"""

from django.db import transaction

from accounts import status
from accounts.models import Account
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol import cid
from repos.blobs import quarantine
from repos.lifecycle import record_takedowns
from repos.reads import repos

Action = AuditEntry.Action


def take_down(actor: Actor, account: Account, reason: str, ref: str = "") -> AuditEntry:
    """Take an account down, everywhere at once. Repeating it announces it again.

    `ref` is the moderation service's mark; without one the entry's number is. Raises NotAllowed,
    ReasonNeeded.
    """
    reason = checked(actor, account, reason)
    with transaction.atomic():
        entry = audit.record(actor, account, Action.ACCOUNT_TAKE_DOWN, reason, ref=ref)
        status.take_down(account, ref=ref or str(entry.pk))
    return entry


def restore(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Lift a takedown. The account is what it was before: active, deactivated or suspended.

    Raises NotAllowed, ReasonNeeded.
    """
    reason = checked(actor, account, reason)
    with transaction.atomic():
        entry = audit.record(actor, account, Action.ACCOUNT_RESTORE, reason)
        status.restore(account)
    return entry


def take_down_record(
    actor: Actor, account: Account, path: str, reason: str, ref: str = ""
) -> AuditEntry:
    """Hide one record (`collection/rkey`) from readers; it stays in the repo as it was signed.

    Raises NotAllowed, ReasonNeeded.
    """
    reason = checked(actor, account, reason)
    collection, _slash, rkey = path.partition("/")
    repo = repos.find_repo(account.host, account.did)
    with transaction.atomic():
        entry = audit.record(actor, account, Action.RECORD_TAKE_DOWN, reason, record=path, ref=ref)
        record_takedowns.take_down(repo, collection, rkey, ref or str(entry.pk))
    return entry


def restore_record(actor: Actor, account: Account, path: str, reason: str) -> AuditEntry:
    """Show a record again. Raises NotAllowed, ReasonNeeded."""
    reason = checked(actor, account, reason)
    collection, _slash, rkey = path.partition("/")
    repo = repos.find_repo(account.host, account.did)
    with transaction.atomic():
        entry = audit.record(actor, account, Action.RECORD_RESTORE, reason, record=path)
        record_takedowns.restore(repo, collection, rkey)
    return entry


def take_down_blob(
    actor: Actor, account: Account, blob_cid: bytes, reason: str, ref: str = ""
) -> AuditEntry:
    """Take one blob of an account out of everybody's sight; the record that shows it stays.

    Raises NotAllowed, ReasonNeeded, BlobNotFound.
    """
    reason = checked(actor, account, reason)
    repo = repos.find_repo(account.host, account.did)
    link = cid.to_text(blob_cid)
    with transaction.atomic():
        entry = audit.record(actor, account, Action.BLOB_TAKE_DOWN, reason, cid=link, ref=ref)
        quarantine.quarantine(repo, blob_cid)
    return entry


def restore_blob(actor: Actor, account: Account, blob_cid: bytes, reason: str) -> AuditEntry:
    """Give a blob back, byte for byte. Raises NotAllowed, ReasonNeeded, BlobNotFound."""
    reason = checked(actor, account, reason)
    repo = repos.find_repo(account.host, account.did)
    with transaction.atomic():
        link = cid.to_text(blob_cid)
        entry = audit.record(actor, account, Action.BLOB_RESTORE, reason, cid=link)
        quarantine.release(repo, blob_cid)
    return entry


def checked(actor: Actor, account: Account, reason: str) -> str:
    """The reason, when this actor may act. Raises NotAllowed, ReasonNeeded."""
    return permissions.checked(actor, Deed.TAKE_DOWN, account.host.tenant_id, reason)
