"""The tokens of a session, as clients are told them.

Source: RFC 6749 section 5.1, RFC 9449 section 5; `sub` is the profile's, `act` says that a
controller acts for it: whoever asks who somebody is must not take it for the account itself.
"""

from typing import Any

from accounts.models import OAuthSession
from accounts.oauth.clients.documents import REFRESH_GRANT, Client
from accounts.oauth.tokens import access_tokens, refresh_tokens
from hosting.models import Host


def tokens_of(host: Host, session: OAuthSession, did: str, client: Client) -> dict[str, Any]:
    """The newest tokens of a session of the account `did`."""
    access_token, expires_in = access_tokens.make(host, session, did)
    answer = {
        "access_token": access_token,
        "token_type": "DPoP",
        "expires_in": expires_in,
        "scope": session.scope,
        "sub": did,
        **access_tokens.actor_of(session),
    }
    if REFRESH_GRANT in client.grant_types:
        answer["refresh_token"] = refresh_tokens.make(host, session)
    return answer
