"""The log of deeds: what controllers did to an account, for its owner to read.

Commits are written down in the transaction that makes them (repos/sql/apply_delegated_commits.sql),
everything else when it was done. Who acts as the account itself leaves nothing here. Kept by time
alone, so that nobody hides a deed behind many others.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import Account, DelegatedDeed, Delegation
from server.database import connection

COMMIT: Final = "commit"
PAGE: Final = "page:"
SHOWN_MAX: Final = 50
_BY_SESSION: Final = """
    INSERT INTO delegated_deed (account_id, controller_did, deed, detail, at)
    SELECT account_id, actor_did, %s, %s, now() FROM oauth_session
    WHERE id = %s AND delegation_id IS NOT NULL
"""


def note(delegation: Delegation, deed: str, detail: str = "") -> None:
    """Write a deed down: PAGE and the name of the page that was sent."""
    DelegatedDeed.objects.create(
        account_id=delegation.account_id,
        controller_did=delegation.controller_did,
        deed=deed,
        detail=detail,
        at=timezone.now(),
    )


def note_of_session(session: str, deed: str, detail: str = "") -> None:
    """Write down what was done by a session of an app (its id, hexadecimal): a method's NSID. A
    session that has ended leaves nothing."""
    connection.execute(_BY_SESSION, [deed[:200], detail[:2_000], UUID(session)])


def of_account(account: Account, before: int | None = None) -> list[DelegatedDeed]:
    """The newest deeds, the latest first; those before the one of that id."""
    rows = DelegatedDeed.objects.filter(account=account)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:SHOWN_MAX])


def forget_old() -> None:
    """The sweep: deeds of long ago."""
    kept_for = timedelta(days=settings.DELEGATION_LOG_DAYS)
    old = DelegatedDeed.objects.filter(at__lt=timezone.now() - kept_for)
    old.filter(account__held_at=None).delete()
