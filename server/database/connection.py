"""The database connection of hot paths: this thread's of Django, prepared and binary.

Django's own cursors interpolate parameters on the client, which rules out prepared statements; a
plain psycopg cursor on the same connection takes part in the same transactions and answers a
look-up in a third of the time.
"""

import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from psycopg.conninfo import make_conninfo

from protocol.errors import InvalidRequest

Params = Sequence[Any] | Mapping[str, Any]
Row = tuple[Any, ...]

RETRY_AFTER_S = 2  # of an outage: about what a restart of Postgres takes
# SQLSTATE: connection exceptions, too few resources, shut down or not yet up, a standby after all
_OUTAGES = ("08", "53", "57P", "25006")
# SQLSTATE of values that a column, a type or an index can not hold, and what is said of them. NUL
# is psycopg's own refusal, which has none.
_UNSTORABLE = {
    None: "contains the NUL character",
    "22001": "is too long",
    "22003": "is a number that is too large",
    "22007": "is no date",
    "22008": "is a date out of range",
    "22021": "contains characters that are no UTF-8",
    "22P02": "has the wrong form",
    "22P05": "contains the NUL character",
    "54000": "is too long",
}
# Django's names of a database's address, and libpq's.
_NAMES = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
_NOT_OF_LIBPQ = frozenset({"prepare_threshold", "server_side_binding"})
_OF_VALUES = (psycopg.DataError, psycopg.errors.ProgramLimitExceeded)


class UnstorableValue(InvalidRequest):
    """400: something in the request is of the right type, and yet nothing that Postgres can hold.

    The last line of defence: lexicons and forms refuse by name what they know of.
    """


def hot() -> psycopg.Connection[Row]:
    """This thread's connection, opened when there is none."""
    drop_if_hung_up()
    connection.ensure_connection()
    return cast("psycopg.Connection[Row]", connection.connection)


def drop_if_hung_up() -> None:
    """Close this thread's connection when Postgres has hung up on it (a restart): the next query
    opens another. Never within a transaction, whose first half would be lost.

    Asked before every request, in place of CONN_HEALTH_CHECKS: one system call of two
    microseconds and not a `SELECT 1`, which cost short requests a third of their time.
    """
    raw = connection.connection
    if raw is not None and not connection.in_atomic_block and has_hung_up(raw):
        connection.close()


def conninfo() -> str:
    """How to reach the database that Django is using, tests' included: for connections of one's
    own."""
    facts: dict[str, Any] = settings.DATABASES["default"]
    parts = {ours: facts[theirs] for theirs, ours in _NAMES.items() if facts.get(theirs)}
    # What remains of the URL (sslmode and the like) without what is not libpq's.
    options = {k: v for k, v in facts["OPTIONS"].items() if k not in _NOT_OF_LIBPQ}
    return make_conninfo("", **parts, **options)


def is_outage(error: BaseException | None) -> bool:
    """Whether an exception, Django's or psycopg's, says that Postgres is away, starting, stopping,
    or that it cut the connection: nobody's fault, and worth another try in a moment."""
    while error is not None:
        if isinstance(error, psycopg.Error):
            is_cut = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
            return error.sqlstate.startswith(_OUTAGES) if error.sqlstate else is_cut
        if isinstance(error, OperationalError | InterfaceError) and error.__cause__ is None:
            return True  # Django's own: the connection is closed
        error = error.__cause__
    return False


def unstorable_value(error: BaseException | None) -> UnstorableValue | None:
    """The refusal behind an exception, Django's or psycopg's, which says that a value can not be
    stored or compared; None for every other exception."""
    while error is not None:
        if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
            return UnstorableValue("A value in the request contains characters that are no UTF-8")
        if isinstance(error, _OF_VALUES) and error.sqlstate in _UNSTORABLE:
            return UnstorableValue(f"A value in the request {_UNSTORABLE[error.sqlstate]}")
        error = error.__cause__
    return None


_PLANNED_BY_VALUE = """SELECT set_config('plan_cache_mode', 'force_custom_plan', false),
    set_config('enable_seqscan', 'off', false)"""


@contextmanager
def planned_by_value() -> Iterator[None]:
    """Statements of this thread in here are planned for the values that they carry, and by indexes:
    for searches and rare words, where the generic plan of hot paths
    (server.environment.POSTGRES_OPTIONS) would walk through the table."""
    with connection.cursor() as cursor:
        cursor.execute(_PLANNED_BY_VALUE)
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET plan_cache_mode")
            cursor.execute("RESET enable_seqscan")


def row(sql: str, params: Params = ()) -> Row | None:
    """The first row of a statement, or None. Values come as binary: bytea is `bytes`."""
    return execute(sql, params).fetchone()


def rows(sql: str, params: Params = (), *, is_planned_anew: bool = False) -> list[Row]:
    """All rows of a statement. `is_planned_anew`: by how large its tables are now, for batches
    that a plan of when they were small would have read all of a table for each row."""
    return execute(sql, params, is_planned_anew=is_planned_anew).fetchall()


def execute(sql: str, params: Params, *, is_planned_anew: bool = False) -> psycopg.Cursor[Row]:
    """Run a statement on the hot connection, values in binary."""
    cursor = psycopg.Cursor(hot())
    prepare = False if is_planned_anew else None
    return cursor.execute(sql.encode(), params, binary=True, prepare=prepare)


def has_hung_up(raw: psycopg.Connection[Row]) -> bool:
    """Whether an idle connection has something to read: only the server's farewell can be there."""
    if raw.closed:
        return True
    poll = select.poll()  # not select(), which knows no file numbers beyond 1023
    poll.register(raw.fileno(), select.POLLIN)
    return bool(poll.poll(0))
