"""Presenters: who shows a code or token, and whether a session is theirs.

Source: RFC 7800 (a token that is bound to a key has a presenter who proves it).
"""

import hmac
from dataclasses import dataclass

from accounts.models import OAuthSession
from accounts.oauth.clients.authentication import ClientAuth
from accounts.oauth.clients.documents import Client
from accounts.oauth.errors import InvalidGrant


@dataclass(frozen=True, slots=True)
class Presenter:
    """Who presents a code or token: the client, how it proved itself, and the key of its DPoP
    proof."""

    client: Client
    auth: ClientAuth
    jkt: str


def check(session: OAuthSession, presenter: Presenter) -> None:
    """Raise InvalidGrant unless the session is the presenter's; a wrong DPoP key is proof that the
    token was copied, and ends it."""
    if session.client_id != presenter.client.client_id:
        raise InvalidGrant("The refresh token is another client's")
    if not presenter.auth.continues(ClientAuth.of(session.client_auth)):
        raise InvalidGrant("The session belongs to another key of the client")
    if not hmac.compare_digest(session.dpop_jkt.encode(), presenter.jkt.encode()):
        session.delete()
        raise InvalidGrant("The session is bound to another DPoP key, and has ended")
