"""Rows of sessions by prepared statements: every app refreshes its session at each start."""

from datetime import datetime
from functools import cache
from typing import Final, NamedTuple
from uuid import UUID

from accounts.models import account_lookups
from accounts.models.accounts import Account
from accounts.models.sessions import Session
from hosting.models import Host
from server.database import connection, model_rows
from server.database.prepared import BIGINT, TEXT, Statement, bigint, moment

_END: Final = """
    DELETE FROM session WHERE account_id = %(account)s AND lineage IN (
        SELECT lineage FROM session WHERE account_id = %(account)s AND jti = %(jti)s)
    RETURNING jti
"""

# The account is locked only where a successor is made: so that a takedown, which ends all sessions
# under the same lock, leaves none behind. Of two at once the second makes none and has no row, as
# it does not see the first one's either: whoever has no row looks again, under the lock.
_REFRESH: Final = """
    WITH open AS (
        SELECT o.id FROM account o
        WHERE o.did = $1 AND o.host_id = $2 AND o.opened_at IS NOT NULL AND o.taken_down_at IS NULL
            AND EXISTS (SELECT FROM session s
                WHERE s.account_id = o.id AND s.jti = $3 AND s.next_jti IS NULL)
        FOR NO KEY UPDATE
    ), used AS (
        UPDATE session s SET next_jti = $4, grace_ends_at = now() + $5 * interval '1 second'
        FROM open WHERE s.account_id = open.id AND s.jti = $3 AND s.next_jti IS NULL
            AND s.scope <> $7
        RETURNING s.*
    ), made AS (
        INSERT INTO session (jti, account_id, lineage, scope, app_password_name, signed_in_at,
            place, agent, created_at, expires_at)
        SELECT $4, account_id, lineage, scope, app_password_name, signed_in_at, place, agent, now(),
            now() + $6 * interval '1 second' FROM used
        RETURNING *
    ), next AS (
        SELECT * FROM made UNION ALL
        SELECT n.* FROM session s JOIN session n
            ON n.account_id = s.account_id AND n.jti = s.next_jti
        WHERE s.jti = $3 AND s.grace_ends_at > statement_timestamp() AND s.scope <> $7
    )
"""
_IS_REFRESHED: Final = (
    "a.did = $1 AND a.host_id = $2 AND a.opened_at IS NOT NULL AND a.taken_down_at IS NULL"
    " AND EXISTS (SELECT FROM next WHERE account_id = a.id)"
)
_OF_NEXT: Final = ("jti", "lineage", "scope", "expires_at")


class Refreshed(NamedTuple):
    """The account of a session with what follows it."""

    account: Account
    jti: str
    lineage: UUID
    scope: str
    expires_at: datetime


class Lifetimes(NamedTuple):
    """How many seconds a used token is good still, and its successor at all."""

    grace_s: int
    refresh_s: int


def refresh(  # noqa: PLR0913 - what a successor is made of
    host: Host, did: str, jti: str, new_jti: str, *, lifetimes: Lifetimes, but_scope: str
) -> Refreshed | None:
    """The successor of an open account's session, made with `new_jti` unless there is one, in one
    statement. None for everything that has to be looked at closer: a session that has ended or is
    of `but_scope`, and one that somebody else refreshes right now."""
    names = (did.encode(), bigint(host.pk), jti.encode(), new_jti.encode())
    rows = _refresh().rows(*names, *map(bigint, lifetimes), but_scope.encode())
    if not rows:
        return None
    found, lineage, scope, expires_at = rows[0][-len(_OF_NEXT) :]
    account = account_lookups.of_row(host, rows[0])
    return Refreshed(
        account, found.decode(), UUID(bytes=lineage), scope.decode(), moment(expires_at)
    )


@cache
def _refresh() -> Statement:
    more = [f"(SELECT {name} FROM next)" for name in _OF_NEXT]  # noqa: S608 - constants only
    sql = _REFRESH + account_lookups.select(_IS_REFRESHED, *more)
    return Statement(sql, (TEXT, BIGINT, TEXT, TEXT, BIGINT, BIGINT, TEXT))


def find(account_id: int, jti: str) -> Session | None:
    """The account's session of that refresh token."""
    row = connection.row(_select(), (account_id, jti))
    return None if row is None else model_rows.instance(Session, row)


def end(account_id: int, jti: str) -> None:
    """Remove the account's session of that refresh token, with its predecessors and successors."""
    connection.rows(_END, {"account": account_id, "jti": jti})


def succeed(session: Session, successor: Session, grace_ends_at: datetime) -> None:
    """Write the successor of a session, and into the session who it is and how long its own token
    is still good, in one statement."""
    params = (*model_rows.values(successor), successor.jti, grace_ends_at, session.jti)
    connection.row(_insert(), params)


@cache
def _select() -> str:
    columns = ", ".join(model_rows.columns(Session))
    return f"SELECT {columns} FROM session WHERE account_id = %s AND jti = %s"  # noqa: S608 - constants only


@cache
def _insert() -> str:
    columns = model_rows.columns(Session)
    return f"""
        WITH successor AS (
            INSERT INTO session ({", ".join(columns)}) VALUES ({", ".join(["%s"] * len(columns))})
        )
        UPDATE session SET next_jti = %s, grace_ends_at = %s WHERE jti = %s RETURNING jti
    """  # noqa: S608 - constants only
