"""Rows of sessions by prepared statements: every app refreshes its session at each start."""

from datetime import datetime
from functools import cache
from typing import Final

from accounts.models.sessions import Session
from server.database import connection, model_rows

_END: Final = """
    DELETE FROM session WHERE account_id = %(account)s AND lineage IN (
        SELECT lineage FROM session WHERE account_id = %(account)s AND jti = %(jti)s)
    RETURNING jti
"""


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
