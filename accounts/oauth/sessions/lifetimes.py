"""Lifetimes of OAuth sessions.

Source: atproto.com/specs/oauth ("Tokens and Session Lifetime"); those of confidential clients as
the reference PDS has them.
"""

from datetime import datetime, timedelta
from typing import Final

from accounts.oauth.clients.documents import Client

REFRESH_GRACE: Final = timedelta(seconds=60)
PUBLIC_LASTS: Final = timedelta(days=14)  # a public client's session, from its beginning
CONFIDENTIAL_REFRESH: Final = timedelta(days=90)  # without a refresh
CONFIDENTIAL_LASTS: Final = timedelta(days=730)


def ends_at(began_at: datetime, client: Client) -> datetime:
    """When a session ends whatever happens."""
    return began_at + (PUBLIC_LASTS if client.is_public else CONFIDENTIAL_LASTS)


def refresh_until(now: datetime, client: Client, session_ends_at: datetime) -> datetime:
    """When a session ends that is not refreshed again."""
    return min(session_ends_at, now + (PUBLIC_LASTS if client.is_public else CONFIDENTIAL_REFRESH))
