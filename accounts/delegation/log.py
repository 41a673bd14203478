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
# Of two at once that are the first of a minute each leaves a row; later ones count at one of them.
_BY_SESSION: Final = """
    WITH who AS (
        SELECT account_id, actor_did, date_trunc('minute', now()) AS minute FROM oauth_session
        WHERE id = %(session)s AND delegation_id IS NOT NULL
    ), again AS (
        UPDATE delegated_deed SET count = count + 1 WHERE id = (
            SELECT d.id FROM delegated_deed d JOIN who
                ON d.account_id = who.account_id AND d.at = who.minute
            WHERE d.controller_did = who.actor_did AND d.deed = %(deed)s AND d.detail = %(detail)s
            LIMIT 1
        ) RETURNING id
    )
    INSERT INTO delegated_deed (account_id, controller_did, deed, detail, at)
    SELECT account_id, actor_did, %(deed)s, %(detail)s, minute FROM who
    WHERE NOT EXISTS (SELECT FROM again)
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
    """Write down what was done by a session of an app (its id, hexadecimal): a method's NSID. The
    same in one minute is one row that counts. A session that has ended leaves nothing."""
    told = {"session": UUID(session), "deed": deed[:200], "detail": detail[:2_000]}
    connection.execute(_BY_SESSION, told)


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
