"""Apps that are signed in with a password: looked at, signed out, or not let in at all.

Browsers are in `web_sessions`, apps that came by OAuth in accounts.oauth.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.authentication import security_changes
from accounts.models import Account, Session, WebSession
from accounts.status import end_sessions, lock_open

LISTED_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class SignedInApp:
    """An app that is signed in with a password: since when, and when it refreshed last."""

    lineage: uuid.UUID
    app_password_name: str | None
    since: datetime | None
    last_used_at: datetime
    place: str
    agent: str

    @classmethod
    def of(cls, newest: Session) -> "SignedInApp":
        """By the newest row of a session."""
        return cls(
            newest.lineage,
            newest.app_password_name,
            newest.signed_in_at,
            newest.created_at,
            newest.place,
            newest.agent,
        )


def of_account(account: Account) -> list[SignedInApp]:
    """The apps that are signed in with a password, the one used last first."""
    rows = Session.objects.filter(account=account, expires_at__gt=timezone.now())
    newest: dict[uuid.UUID, Session] = {}
    for row in rows.order_by("-created_at")[:LISTED_MAX]:
        newest.setdefault(row.lineage, row)
    return [SignedInApp.of(row) for row in newest.values()]


def end_lineage(account: Account, lineage: uuid.UUID) -> None:
    """Sign an app out that is signed in with a password. Raises AccountNotFound."""
    with transaction.atomic():
        locked = lock_open(account)
        locked.sessions.filter(lineage=lineage).delete()


def end_others(account: Account, but: WebSession) -> None:
    """Sign out everybody but one browser, in apps too."""
    with transaction.atomic():
        locked = lock_open(account)
        end_sessions(locked, but=but.pk)
        security_changes.note(locked, security_changes.SIGNED_OUT)


def set_oauth_only(account: Account, *, is_on: bool) -> None:
    """Let apps sign in by OAuth alone, which ends the sessions of passwords, or with passwords
    again. App passwords rest meanwhile."""
    with transaction.atomic():
        locked = lock_open(account)
        if locked.is_oauth_only == is_on:
            return
        locked.is_oauth_only = is_on
        locked.save(update_fields=["is_oauth_only"])
        if is_on:
            Session.objects.filter(account=locked).delete()
        kind = security_changes.OAUTH_ONLY_ON if is_on else security_changes.OAUTH_ONLY_OFF
        security_changes.note(locked, kind)
