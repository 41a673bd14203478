"""Lists that cost the same at a thousand rows and at a million: counts and searches are bounded.

A list is counted up to COUNTED_MAX and says "more than" beyond; what lies behind is found by a
search. A search asks each of its columns by itself, by an index, for MATCHES_MAX rows: a condition
over several columns at once would walk through the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

from django.core.paginator import Paginator
from django.db.models import Func, Q, QuerySet

COUNTED_MAX: Final = 10_000
MATCHES_MAX: Final = 500

Condition = Q | Func


@dataclass(frozen=True)
class BoundedCount:
    """So many, COUNTED_MAX at the most, and whether there are more."""

    number: int
    has_more: bool


class BoundedPaginator(Paginator):  # type: ignore[type-arg] # no generic at run time
    """Pages of the first COUNTED_MAX rows."""

    @cached_property
    def bounded(self) -> BoundedCount:
        """How many there are, as far as they are counted."""
        return counted(cast("QuerySet[Any]", self.object_list))

    @property
    def count(self) -> int:
        """How many the pages show."""
        return self.bounded.number


def counted(rows: QuerySet[Any]) -> BoundedCount:
    """How many rows there are."""
    found = rows.order_by()[: COUNTED_MAX + 1].count()
    return BoundedCount(min(found, COUNTED_MAX), found > COUNTED_MAX)


def matching(rows: QuerySet[Any], conditions: Iterable[Condition]) -> QuerySet[Any]:
    """Rows that meet one of the conditions, each of which has an index. In no order: Postgres would
    rather walk from the newest row to the first match, which may lie far."""
    keys = rows.order_by().values_list("pk", flat=True)
    found = {pk for each in conditions for pk in keys.filter(each)[:MATCHES_MAX]}
    return rows.filter(pk__in=found)
