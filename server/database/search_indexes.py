"""Indexes for searches, and the conditions that they answer.

A condition is only answered by an index whose expression it repeats, and a beginning (`LIKE 'x%'`)
only when Postgres knows it while it plans (server.database.connection.planned_by_value).
"""

from django.contrib.postgres.indexes import GinIndex
from django.db.models import BooleanField, F, Func, Index, Value

_WORDS = "to_tsvector('simple', %(expressions)s)"
_HAS_WORDS = ") @@ plainto_tsquery('simple', "


def index_of_words(field: str, name: str) -> Index:
    """For `has_words`."""
    return GinIndex(Func(F(field), template=_WORDS), name=name)


def has_words(field: str, words: str) -> Func:
    """Whether a text has all of these words, in any order."""
    return Func(
        F(field),
        Value(words),
        template=_WORDS,
        arg_joiner=_HAS_WORDS,
        output_field=BooleanField(),
    )


def index_of_beginnings(field: str, name: str) -> Index:
    """For equality and `__startswith`, whatever the database's collation is."""
    return Index(fields=[field], opclasses=["varchar_pattern_ops"], name=name)


def domain_of(field: str) -> Func:
    """What stands behind the last `@` of an address."""
    return Func(F(field), template="split_part(%(expressions)s, '@', -1)")
