"""Measures on an account that leave it where it is: a warning, another handle, no uploads, a new
password. Each with a reason, in one transaction with its audit entry where it asks no network.
"""

import secrets
from typing import Final

from django.db import transaction

from accounts.identity import handle_changes
from accounts.lifecycle import staff_overrides
from accounts.models import Account
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed

Action = AuditEntry.Action
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH: Final = 10


def warn(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Write a warning down; `notices` sends it. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(actor, Deed.WARN, account.host.tenant_id, reason)
    return audit.record(actor, account, Action.ACCOUNT_WARN, reason)


def remove_handle(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Give the account a handle that says nothing, under the host's first domain, in its DID and
    here. Its owner may choose another one.

    Asks the directory: call it outside of any transaction. Raises NotAllowed, ReasonNeeded, and the
    errors of `handle_changes.change_handle`.
    """
    reason = permissions.checked(actor, Deed.HANDLE_REMOVE, account.host.tenant_id, reason)
    handle = handle_changes.check_by_staff(account, _neutral_handle(account))
    said = f"{reason}: {account.handle} -> {handle}"
    with audit.outside_of_a_transaction(actor, account, Action.ACCOUNT_REMOVE_HANDLE, said):
        handle_changes.change_handle(account, handle)
    entries = AuditEntry.objects.filter(host=account.host).about(account.did)
    return entries.filter(action=Action.ACCOUNT_REMOVE_HANDLE)[0]  # the newest


def block_uploads(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Let the account upload nothing. Raises NotAllowed, ReasonNeeded, AccountNotFound."""
    return _set_uploads(actor, account, reason, are_blocked=True)


def allow_uploads(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Let it upload again. Raises NotAllowed, ReasonNeeded, AccountNotFound."""
    return _set_uploads(actor, account, reason, are_blocked=False)


def end_password(actor: Actor, account: Account, reason: str) -> AuditEntry:
    """Sign everybody out, and have the owner set a new password by a code from the mailbox.

    Raises NotAllowed, ReasonNeeded, AccountNotFound.
    """
    reason = permissions.checked(actor, Deed.RESET_FORCE, account.host.tenant_id, reason)
    with transaction.atomic():
        entry = audit.record(actor, account, Action.ACCOUNT_END_PASSWORD, reason)
        staff_overrides.end_password(account)
    return entry


def _set_uploads(actor: Actor, account: Account, reason: str, *, are_blocked: bool) -> AuditEntry:
    reason = permissions.checked(actor, Deed.UPLOADS_BLOCK, account.host.tenant_id, reason)
    action = Action.ACCOUNT_BLOCK_UPLOADS if are_blocked else Action.ACCOUNT_ALLOW_UPLOADS
    with transaction.atomic():
        entry = audit.record(actor, account, action, reason)
        staff_overrides.set_uploads(account, are_blocked=are_blocked)
    return entry


def _neutral_handle(account: Account) -> str:
    name = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    domain = account.host.handle_domains.order_by("pk")[0].name
    return f"user-{name}{domain}"
