"""Refresh tokens of OAuth: a session's id and the number of the refresh, under the host's MAC.

None is kept. Which numbers are still good is for accounts.oauth.sessions to say.
"""

import hmac
from typing import Final
from uuid import UUID

from accounts.models import OAuthSession
from accounts.oauth import opaque
from accounts.oauth.errors import InvalidGrant
from hosting.models import Host
from server.encryption.compact_jws import base64url, from_base64url

_PREFIX: Final = "ref-"
_ID_BYTES, _NUMBER_BYTES, _MAC_BYTES = 16, 4, 32


def make(host: Host, session: OAuthSession) -> str:
    """The token by which a session is continued next."""
    body = session.pk.bytes + session.generation.to_bytes(_NUMBER_BYTES)
    return _PREFIX + base64url(body + _mac(host, body)).decode()


def read(host: Host, token: str) -> tuple[UUID, int]:
    """Session and number of a refresh token. Raises InvalidGrant for one that is not ours."""
    try:
        data = from_base64url(token.removeprefix(_PREFIX).encode(errors="replace"))
    except ValueError:
        data = b""
    body, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
    is_ours = token.startswith(_PREFIX) and len(body) == _ID_BYTES + _NUMBER_BYTES
    if not is_ours or not hmac.compare_digest(mac, _mac(host, body)):
        raise InvalidGrant("The refresh token is not valid")
    return UUID(bytes=body[:_ID_BYTES]), int.from_bytes(body[_ID_BYTES:])


def _mac(host: Host, body: bytes) -> bytes:
    return opaque.mac(host, "refresh token", body)
