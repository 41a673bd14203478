"""Rows of hand-written SQL as Django's models: the columns to ask for, the instance of a row."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from django.db.models import JSONField, Model
from psycopg.types.json import Jsonb

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
    told = [(field, field.pre_save(stored, add=True)) for field in fields]
    return [
        (str(field.column), Jsonb(value) if isinstance(field, JSONField) else value)
        for field, value in told
    ]


def insert(stored: Model) -> None:
    """Write a new row by a prepared statement. A key that Postgres counts is not told."""
    told = parameters(stored)
    if stored.pk is None:
        told = [(name, value) for name, value in told if name != stored._meta.pk.column]
    names = tuple(name for name, _ in told)
    connection.execute(_insert(type(stored), names), [value for _, value in told])


@cache
def _insert(model: type[Model], names: tuple[str, ...]) -> str:
    holes = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({holes})"  # noqa: S608 - constants only
