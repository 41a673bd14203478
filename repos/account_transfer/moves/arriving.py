"""The arrival: activation here, deactivation there, and all that was secret forgotten.

It begins when the owner has confirmed, or when the DID names this host by now, which only its owner
can have said. The activation asks the directory itself (accounts.lifecycle.activation).
"""

from django.db import transaction
from django.utils import timezone

from accounts.lifecycle import activation
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, AccountMigration
from hosting.mail import emails, outbox
from protocol.errors import XrpcError
from repos.account_transfer.moves import old_session
from repos.account_transfer.moves.old_host_calls import OldHostSilent
from repos.models import MoveIn


def is_due(move: MoveIn, account: Account) -> bool:
    """Whether the owner's word is there, and not all is done."""
    is_over = move.left_at is not None or bool(move.left_error)
    return not is_over and (move.confirmed_at is not None or _is_named(account))


def arrive(move: MoveIn, account: Account, *, is_last_attempt: bool) -> None:
    """Activate the account here, then have the one at the old host rest. That one's refusal is
    written down for its owner, and so is its silence in the last attempt. Raises InvalidDid,
    DidServerUnavailable, AccountNotFound, and OldHostSilent before that."""
    if move_in.is_moving_in(account):
        activation.activate(account)
    left_error = _leave(move, account, is_last_attempt=is_last_attempt)
    with transaction.atomic():
        MoveIn.objects.filter(pk=move.pk).update(
            left_at=None if left_error else timezone.now(),
            left_error=left_error,
            session=None,
            session_until=None,
        )
        words = {
            "handle": account.handle or account.did,
            "origin": move.origin,
            "left_error": left_error,
        }
        outbox.post(account.host, account.email, emails.MOVED_IN, words, language=move.language)


def _leave(move: MoveIn, account: Account, *, is_last_attempt: bool) -> str:
    """Deactivate the account there; what it said instead, or nothing."""
    if move.is_host_gone:
        return ""
    try:
        with old_session.opened(account, move) as old:
            old.deactivate()
    except XrpcError as refusal:
        if isinstance(refusal, OldHostSilent) and not is_last_attempt:
            raise
        return refusal.message[:300]
    return ""


def _is_named(account: Account) -> bool:
    rows = AccountMigration.objects.pending().filter(account=account)
    return rows.filter(did_updated_at__isnull=False).exists()
