"""Polling of DIDs whose accounts move in: do they name this host yet?

An owner may change the DID past us, straight at the directory or in a did:web's own document. Then
the account must not be removed for being late, and staff who help with a move want to know.
Activation asks for itself (accounts.identity.did_verification).
"""

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from accounts.identity.plc import did_refresh
from accounts.models import AccountMigration

AGAIN_AFTER = timedelta(minutes=10)
NO_MORE_AFTER = timedelta(days=30)
_BATCH = 20


def check_due() -> None:
    """The sweep: migrations that nobody has looked at for a while."""
    now = timezone.now()
    due = AccountMigration.objects.before_did_update().filter(
        Q(looked_at__isnull=True) | Q(looked_at__lt=now - AGAIN_AFTER),
        created_at__gt=now - NO_MORE_AFTER,
    )
    eldest_look = F("looked_at").asc(nulls_first=True)
    for migration in due.select_related("account__host").order_by(eldest_look)[:_BATCH]:
        check(migration)


def check(migration: AccountMigration) -> None:
    """Ask where the DID lives, outside of any transaction; a timeout leaves things as they are."""
    AccountMigration.objects.filter(pk=migration.pk).update(looked_at=timezone.now())
    did_refresh.refresh(migration.account.did)
