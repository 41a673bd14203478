"""The hot path's connection: binary, part of Django's transactions, replaced after a hang-up."""

import django.db
import psycopg
import pytest
from django.db import connection, transaction

from hosting.models import Tenant
from server.database import connection as database


def test_row_returns_bytea_as_bytes(db: None) -> None:
    assert database.row("select '\\x0102'::bytea, %s::int", (7,)) == (b"\x01\x02", 7)


def test_row_is_none_when_nothing_matches(db: None) -> None:
    assert database.row("select 1 where false") is None


def test_rows_accept_named_parameters(db: None) -> None:
    found = database.rows("select generate_series(1, %(end)s::int)", {"end": 3})
    assert found == [(1,), (2,), (3,)]


def test_hot_statements_take_part_in_the_django_transaction(db: None) -> None:
    with transaction.atomic():
        Tenant.objects.create(slug="elm", name="Elm")
        assert database.row("select name from tenant where slug = %s", ("elm",)) == ("Elm",)
        transaction.set_rollback(True)
    assert database.row("select name from tenant where slug = %s", ("elm",)) is None


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_postgres_closed_is_replaced() -> None:
    first = database.hot().info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 2000)", [first])
    other.close()
    assert database.row("select pg_backend_pid() <> %s", (first,)) == (True,)


@pytest.mark.django_db(transaction=True)
def test_after_a_hang_up_the_orm_goes_on_too() -> None:
    database.row("select 1")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 2000)", [database.hot().info.backend_pid])
    other.close()
    database.drop_if_hung_up()
    assert Tenant.objects.count() == 0


def test_within_a_transaction_the_connection_is_never_replaced(db: None) -> None:
    before = database.hot()
    with transaction.atomic():
        assert database.hot() is before


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("the connection is lost"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.CannotConnectNow(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.ReadOnlySqlTransaction(),
        psycopg.InterfaceError("closed"),
        django.db.InterfaceError("connection already closed"),
    ],
)
def test_a_postgres_that_is_away_is_an_outage(error: Exception) -> None:
    assert database.is_outage(error)
    assert database.is_outage(caused(ValueError("while doing something"), error))


@pytest.mark.parametrize(
    "error",
    [
        None,
        ValueError("x"),
        psycopg.errors.QueryCanceled(),
        psycopg.errors.UniqueViolation(),
        psycopg.errors.UndefinedTable(),
        django.db.ProgrammingError("x"),
    ],
)
def test_a_statement_that_fails_is_none(error: Exception | None) -> None:
    assert not database.is_outage(error)


def test_django_tells_what_psycopg_said() -> None:
    canceled = caused(django.db.OperationalError("x"), psycopg.errors.QueryCanceled())
    shut_down = caused(django.db.OperationalError("x"), psycopg.errors.AdminShutdown())
    assert not database.is_outage(canceled)
    assert database.is_outage(shut_down)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "value", "said"),
    [
        ("select %s::text", "a\0b", "NUL"),
        ("select %s::int", 10**12, "number that is too large"),
        ("select %s::timestamptz", "299999-01-01", "date"),
        ("select %s::varchar(3)::text where %s::int > 0", "x", "wrong form"),
    ],
)
def test_a_value_that_cannot_be_stored_is_the_clients_fault(sql, value, said):
    with pytest.raises(Exception) as caught, connection.cursor() as cursor:  # noqa: PT011 - any
        cursor.execute(sql, [value] * sql.count("%s"))
    refusal = database.unstorable_value(caught.value)
    assert refusal is not None
    assert said in refusal.message


def test_half_of_a_surrogate_pair_cannot_be_stored():
    with pytest.raises(UnicodeEncodeError) as caught:
        "\ud800".encode()
    assert database.unstorable_value(caught.value) is not None


def test_other_exceptions_are_faults_of_ours():
    assert database.unstorable_value(KeyError("x")) is None
    assert database.unstorable_value(psycopg.errors.DivisionByZero()) is None
