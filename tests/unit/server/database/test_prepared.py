"""What is sent in Postgres' binary format arrives as what was meant."""

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from server.database import connection as database
from server.database import prepared
from server.database.prepared import BIGINT, BIGINTS, BYTEAS, INTEGERS, TEXTS, Statement

pytestmark = pytest.mark.django_db
PLUS_ONE = Statement("SELECT $1 + 1", (BIGINT,))
COLUMNS = Statement("SELECT * FROM unnest($1, $2, $3, $4)", (BIGINTS, INTEGERS, TEXTS, BYTEAS))
no_reset = settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
text = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
row = some.tuples(
    some.integers(-(2**63), 2**63 - 1),
    some.integers(-(2**31), 2**31 - 1),
    some.none() | text,
    some.binary(max_size=20) | some.just(b"long" * 5_000),
)


def sent(rows: list[tuple]) -> list[tuple]:
    ids, numbers, names, blobs = zip(*rows, strict=True) if rows else ((), (), (), ())
    encoded = COLUMNS.rows(
        prepared.bigints(ids),
        prepared.integers(numbers),
        prepared.texts(names),
        prepared.byteas(blobs),
    )
    return [
        (prepared.number(a), prepared.number(b), c if c is None else c.decode(), d)
        for a, b, c, d in encoded
    ]


@no_reset
@given(some.lists(row, max_size=8))
def test_rows_come_back_as_they_were_sent(rows: list[tuple]) -> None:
    assert sent(rows) == rows


def test_a_scalar_is_a_parameter_too() -> None:
    assert PLUS_ONE.rows(prepared.bigint(-8)) == [(prepared.bigint(-7),)]


def test_what_postgres_refuses_is_psycopgs_error_of_that_name() -> None:
    with pytest.raises(psycopg.errors.NumericValueOutOfRange), transaction.atomic():
        PLUS_ONE.rows(prepared.bigint(2**63 - 1))


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_the_connection_forgot_is_prepared_again() -> None:
    for _ in range(2):
        assert PLUS_ONE.rows(prepared.bigint(1)) == [(prepared.bigint(2),)]
        database.hot().execute("DEALLOCATE ALL")


@pytest.mark.django_db(transaction=True)
def test_the_first_statement_of_a_transaction_begins_it() -> None:
    insert = Statement("INSERT INTO event_counter VALUES ($1, 0) RETURNING host_id", (BIGINT,))
    with transaction.atomic():
        insert.rows(prepared.bigint(-5))
        transaction.set_rollback(True)
    assert database.row("SELECT count(*) FROM event_counter") == (0,)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_is_an_operational_error() -> None:
    pid = database.hot().info.backend_pid
    with psycopg.connect(database.hot().info.dsn, password=database.hot().info.password) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(psycopg.OperationalError), transaction.atomic():
        PLUS_ONE.rows(prepared.bigint(1))
    connection.close()
