"""Session checks: is the session of an access token still live?

A session of a password is its rows in `session`, one for each of its refresh tokens; that of an app
that came by OAuth is its row in `oauth_session`. Whatever ends a session removes them: signing out,
another password, a revoked app password, a takedown, a new owner who moves in, deletion. Access
tokens name their session, so no list of revoked tokens is kept and no clocks are compared: a token
is good while such a row is there. That is asked in the statement that looks up the caller's account
or repo anyway, and costs no round trip of its own.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.authentication.session_tokens import Claims, ExpiredToken
from accounts.models import Account, Session, account_lookups
from accounts.status import AccountNotFound
from hosting.models import Host


class SessionEnded(ExpiredToken):
    """400 ExpiredToken: clients refresh, learn that they cannot, and sign in again."""

    message = "Token has been revoked"


@dataclass(frozen=True, slots=True)
class Owner:
    """The account of a caller, and whether the caller's session stands."""

    account: Account
    is_signed_in: bool

    def signed_in(self) -> Account:
        """The account. Raises SessionEnded."""
        if not self.is_signed_in:
            raise SessionEnded
        return self.account


def owner(host: Host, did: str, session: str) -> Owner:
    """Whose session it is, in one statement. `session` is empty for a caller who proved the DID by
    other means.

    Raises AccountNotFound, and SessionEnded for the session of a deleted account.
    """
    if not session:
        account = account_lookups.find_open(host, did)
        if account is None:
            raise AccountNotFound
        return Owner(account, is_signed_in=True)
    found = account_lookups.find_owner(host, did, session)
    if found is None:
        raise SessionEnded
    return Owner(*found)


def of_older_token(host: Host, claims: Claims) -> str:
    """The session of an access token from before tokens named theirs: the one that began last
    before it, with the same rights. Raises SessionEnded.

    Such tokens live for two hours after an upgrade; then this function may go.
    """
    issued_at = datetime.fromtimestamp(claims.issued_at + 1, UTC)
    found = Session.objects.filter(
        account__host=host, account__did=claims.did, scope=claims.scope, created_at__lt=issued_at
    )
    lineage = found.order_by("-created_at").values_list("lineage", flat=True).first()
    if lineage is None:
        raise SessionEnded
    return lineage.hex
