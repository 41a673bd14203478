"""Rows made by Postgres itself: whole enough for lists, searches, counts and sweeps.

A table is filled by an expression for each column that matters, of the row's number `n`; the others
get what their type calls nothing.
"""

from collections.abc import Mapping
from typing import Final

from django.db import connection

_NOTHING: Final = {
    "boolean": "false",
    "bytea": "''::bytea",
    "date": "current_date",
    "jsonb": "'{}'::jsonb",
    "timestamp with time zone": "now()",
    "uuid": "gen_random_uuid()",
    "ARRAY": "'{}'",
}
_NUMBERS: Final = ("bigint", "integer", "smallint", "numeric")
_NEEDED: Final = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_nullable = 'NO'
        AND column_default IS NULL AND is_generated = 'NEVER' AND is_identity = 'NO'
"""


def execute(statement: str, params: tuple[object, ...] | None = None) -> None:
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def number(statement: str) -> int:
    """The one number that a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchone()
    return int(found[0]) if found and found[0] is not None else 0


def fill(table: str, count: int, each: Mapping[str, str], start: int = 0) -> None:
    """Add rows number `start + 1` to `start + count`; `each` has SQL of `n`, by column."""
    with connection.cursor() as cursor:
        cursor.execute(_NEEDED, (table,))
        needed = {name: _nothing(kind) for name, kind in cursor.fetchall()}
    columns = {**needed, **each}
    names = ", ".join(f'"{name}"' for name in columns)
    execute(
        f'INSERT INTO "{table}" ({names}) SELECT {", ".join(columns.values())}'
        f" FROM generate_series({start + 1}, {start + count}) n"
    )
    print(f"{table}: {count:,}", flush=True)


def copies(table: str, of: int, count: int, each: Mapping[str, str]) -> None:
    """Add copies of the row whose id is `of`; `each` has SQL of `n` for what is different."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = %s AND is_generated = 'NEVER' AND column_name <> 'id'",
            (table,),
        )
        columns = [name for (name,) in cursor.fetchall()]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(each.get(name, f't."{name}"') for name in columns)
    execute(
        f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" t,'
        f" generate_series(1, {count}) n WHERE t.id = {of}"
    )
    print(f"{table}: {count:,}", flush=True)


def _nothing(kind: str) -> str:
    return "0" if kind in _NUMBERS else _NOTHING.get(kind, "''")
