"""Rows of hand-written SQL as Django's models: the columns to ask for, the instance of a row."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from django.db.models import Model

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
