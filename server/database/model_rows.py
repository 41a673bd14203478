"""Rows of hand-written SQL as Django's models: the columns to ask for, the instance of a row, and
new rows by a prepared statement, where the ORM compiles one for each."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from django.db import connection as django_connection
from django.db.models import AutoField, Field, Model

from server.database import connection

M = TypeVar("M", bound=Model)

_DATABASE: Final = "default"


@cache
def columns(model: type[Model]) -> tuple[str, ...]:
    """The columns of a model's table, in the order of its fields."""
    return tuple(str(field.column) for field in model._meta.concrete_fields)


@cache
def _attributes(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def instance(model: type[M], row: Sequence[Any]) -> M:
    """The model whose `columns` a row has, as if it had been queried."""
    return model.from_db(_DATABASE, _attributes(model), row)


def values(stored: Model) -> list[Any]:
    """What stands in the `columns` of an instance."""
    return [getattr(stored, name) for name in _attributes(type(stored))]


def parameters(stored: Model) -> list[tuple[str, Any]]:
    """Columns of an instance with their values, as a statement takes them; those that a model fills
    in by itself (`auto_now_add`) are filled in."""
    fields = type(stored)._meta.concrete_fields
    return [(str(field.column), _prepared(field, stored)) for field in fields]


def insert(stored: M) -> M:
    """Write an instance that is no row yet, as its `save` would without signals; what Postgres
    fills in, it has then. Raises django.db.Error's kinds."""
    sql, fields, returned = _insertion(type(stored))
    with django_connection.wrap_database_errors:
        row = connection.row(sql, [_prepared(field, stored) for field in fields])
    for field, value in zip(returned, row or (), strict=False):
        setattr(stored, field.attname, value)
    stored._state.adding, stored._state.db = False, _DATABASE
    return stored


@cache
def _insertion(
    model: type[Model],
) -> "tuple[str, tuple[Field[Any, Any], ...], tuple[Field[Any, Any], ...]]":
    """The statement, the fields of its values, and those that it returns."""
    every: list[Field[Any, Any]] = list(model._meta.concrete_fields)
    returned = tuple(each for each in every if each.generated or isinstance(each, AutoField))
    given = tuple(each for each in every if each not in returned)
    names, marks = ", ".join(f'"{each.column}"' for each in given), ", ".join(["%s"] * len(given))
    told = ", ".join(f'"{each.column}"' for each in returned) or "1"
    table = model._meta.db_table
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks}) RETURNING {told}', given, returned  # noqa: S608 - names of our models


def _prepared(field: "Field[Any, Any]", stored: Model) -> Any:
    return field.get_db_prep_save(field.pre_save(stored, add=True), django_connection)
