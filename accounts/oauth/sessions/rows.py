"""Rows of OAuth sessions and of codes by prepared statements: every app exchanges and refreshes.

Each asks for a host's rows alone.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final
from uuid import UUID

from accounts.models import OAuthRequest, OAuthSession
from hosting.models import Host
from server.database import connection, model_rows

SESSIONS_MAX: Final = 500  # of an account; the eldest goes
_CONTINUED: Final = ("client_auth", "scope", "generation", "refreshed_at", "refresh_until")


@dataclass(frozen=True, slots=True)
class Owned:
    """A session with the DID of its account, and whether that is active."""

    session: OAuthSession
    did: str
    is_active: bool


def find(host: Host, pk: UUID, *, is_locked: bool = False) -> Owned | None:
    """The session of that id; `is_locked` until the caller's transaction ends."""
    row = connection.row(_session(is_locked=is_locked), (pk, host.pk))
    if row is None:
        return None
    *columns, did, is_active = row
    return Owned(model_rows.instance(OAuthSession, columns), did, is_active)


def find_code(host: Host, code_sha256: str) -> tuple[OAuthRequest, str] | None:
    """The request that led to a code, and the DID of who gave it."""
    row = connection.row(_code(), (host.pk, code_sha256))
    if row is None:
        return None
    *columns, did = row
    request = model_rows.instance(OAuthRequest, columns)
    request.host = host
    return request, did


def use_up(request: OAuthRequest) -> bool:
    """Whether the request's code was still there to be exchanged; it is no more, and the account
    has room for one more session: of too many the eldest go. The caller has the account's row
    locked."""
    of_code = (request.pk, request.code_sha256)
    return connection.row(_USE_UP, (*of_code, request.account_id, SESSIONS_MAX - 1)) is not None


def keep_on(session: OAuthSession) -> None:
    """Write what a refresh changed of a session that the caller has locked."""
    known = dict(model_rows.parameters(session))
    connection.execute(_UPDATE, [*(known[name] for name in _CONTINUED), session.pk])


_USE_UP: Final = """
    WITH code AS (DELETE FROM oauth_request WHERE id = %s AND code_sha256 = %s RETURNING id),
    surplus AS (DELETE FROM oauth_session WHERE EXISTS (SELECT FROM code) AND id IN (
        SELECT id FROM oauth_session WHERE account_id = %s ORDER BY refreshed_at DESC OFFSET %s
    ))
    SELECT id FROM code
"""
_UPDATE: Final = (
    f"UPDATE oauth_session SET {', '.join(f'{name} = %s' for name in _CONTINUED)}"  # noqa: S608 - constants only
    " WHERE id = %s"
)


@cache
def _session(*, is_locked: bool) -> str:
    columns = ", ".join(f"s.{name}" for name in model_rows.columns(OAuthSession))
    lock = " FOR UPDATE OF s" if is_locked else ""
    return f"""
        SELECT {columns}, a.did, a.status = 'active' FROM oauth_session s
        JOIN account a ON a.id = s.account_id WHERE s.id = %s AND a.host_id = %s{lock}
    """  # noqa: S608 - constants only


@cache
def _code() -> str:
    columns = ", ".join(f"r.{name}" for name in model_rows.columns(OAuthRequest))
    return f"""
        SELECT {columns}, a.did FROM oauth_request r
        JOIN account a ON a.id = r.account_id WHERE r.host_id = %s AND r.code_sha256 = %s
    """  # noqa: S608 - constants only
