"""The hot path's connection: binary, part of Django's transactions, replaced after a hang-up."""

import pytest
from django.db import connection, transaction

from hosting import database
from hosting.models import Tenant


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
