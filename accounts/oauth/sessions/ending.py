"""The ends of OAuth sessions: revocation, keys that a client withdrew, the sweep.

Source: RFC 7009. What else ends one (the account's owner, staff, a blocked app) removes its row.
"""

from collections.abc import Callable
from uuid import UUID

from django.utils import timezone

from accounts.models import OAuthSession
from accounts.oauth.clients.authentication import ClientAuth
from accounts.oauth.errors import InvalidAccessToken, InvalidGrant
from accounts.oauth.sessions.presenters import Presenter
from accounts.oauth.tokens import access_tokens, refresh_tokens
from hosting.models import Host


def revoke(host: Host, presenter: Presenter, token: str) -> None:
    """End the session of a refresh or access token, if it is this client's and this key's (`jkt`
    empty: no proof was shown). Says nothing of tokens that are none."""
    session = _named_by(host, token)
    if session is None or session.client_id != presenter.client.client_id:
        return
    is_same_key = presenter.jkt in ("", session.dpop_jkt)
    if is_same_key and presenter.auth.continues(ClientAuth.of(session.client_auth)):
        session.delete()


def end_with_lost_key(
    host: Host, client_id: str, refresh_token: str, has_lost_key: Callable[[ClientAuth], bool]
) -> None:
    """End the client's session of a refresh token when `has_lost_key` says that it withdrew the key
    to which the session belongs."""
    session = _named_by(host, refresh_token)
    is_theirs = session is not None and session.client_id == client_id
    if session is not None and is_theirs and has_lost_key(ClientAuth.of(session.client_auth)):
        session.delete()


def forget_expired() -> None:
    """The sweep: sessions that cannot be refreshed any more."""
    OAuthSession.objects.filter(refresh_until__lt=timezone.now()).delete()


def _named_by(host: Host, token: str) -> OAuthSession | None:
    """The session that a refresh or access token of this host names, if it stands."""
    try:
        if access_tokens.is_one(token):
            pk = UUID(access_tokens.read(host, token).session)
        else:
            pk, _number = refresh_tokens.read(host, token)
    except (InvalidGrant, InvalidAccessToken):
        return None
    return OAuthSession.objects.of(host).filter(pk=pk).first()
