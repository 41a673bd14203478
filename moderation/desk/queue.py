"""The queue of cases: what a moderator sees, in which order, a page at a time.

What is not closed comes by priority and deadline, what is closed the newest first. A page begins
after a cursor, the order's own values, so that the hundredth costs what the first does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import F, Q, Value
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan

from hosting.models import HostQuerySet, StaffUser
from moderation.models import Case, CaseQuerySet
from server.database import connection, row_numbers

PAGE_MAX: Final = 50
COUNTED_MAX: Final = 10_000
ABOUT_MAX_CHARS: Final = 8_192
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_COUNTS = """
    SELECT kind, count(*), count(*) FILTER (WHERE due_at <= statement_timestamp()),
        count(*) FILTER (WHERE state = 'escalated'), count(*) FILTER (WHERE state = 'open')
    FROM (
        SELECT kind, state, due_at FROM moderation_case
        WHERE (%(ids)s::bigint[] IS NULL OR host_id = ANY(%(ids)s))
            AND state <> 'closed' ORDER BY priority, due_at, id LIMIT %(max)s
    ) waiting GROUP BY kind
"""


@dataclass(frozen=True)
class View:
    """Which cases are asked for; empty fields ask for nothing."""

    kind: str = ""
    state: str = ""  # without one: what is not closed
    subject: str = ""  # `account` or `record`
    assignee: str = ""  # `me` or `nobody`
    overdue: str = ""  # `1`
    about: str = ""  # a DID: its account and records; or an at-URI

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> "View":
        """From a page's address; what nobody offers asks for nothing."""
        offered = {
            "kind": Case.Kind.values,
            "state": Case.State.values,
            "subject": ["account", "record"],
            "assignee": ["me", "nobody"],
            "overdue": ["1"],
        }
        chosen = {name: query.get(name, "") for name in offered}
        fit = {name: value for name, value in chosen.items() if value in offered[name]}
        about = query.get("about", "").strip().replace("\0", "")[:ABOUT_MAX_CHARS]
        return cls(**fit, about=about)

    @property
    def query(self) -> str:
        """As it stands in a page's address."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    def but(self, **changes: str) -> str:
        """The address's query with something changed."""
        return replace(self, **changes).query

    @property
    def is_of_closed(self) -> bool:
        """Whether it shows what is decided."""
        return self.state == Case.State.CLOSED


@dataclass(frozen=True)
class Page:
    """Some cases, and after which cursor the next page begins; empty: there is none."""

    cases: Sequence[Case]
    next_cursor: str


@dataclass(frozen=True)
class Counts:
    """What waits at some hosts, of one kind or of all, up to COUNTED_MAX."""

    waiting: int = 0
    overdue: int = 0
    escalated: int = 0
    open: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(_numbers(self), _numbers(other), strict=True)))

    @property
    def has_more(self) -> bool:
        """Whether there are more than were counted."""
        return self.waiting >= COUNTED_MAX


def rows(hosts: HostQuerySet, staff: StaffUser, view: View) -> CaseQuerySet:
    """The cases of these hosts that a view asks for, in no order."""
    found = Case.objects.of(hosts)
    found = found.filter(state=view.state) if view.state else found.unclosed()
    if view.kind:
        found = found.filter(kind=view.kind)
    if view.overdue:
        found = found.overdue()
    if view.subject:
        found = found.filter(collection="") if view.subject == "account" else _records(found)
    if view.assignee:
        found = found.filter(assignee=staff if view.assignee == "me" else None)
    return _about(found, view.about) if view.about else found


def page(found: CaseQuerySet, view: View, cursor: str = "", size: int = PAGE_MAX) -> Page:
    """The cases after a cursor; one that is none of ours begins anew."""
    order = _order(view)
    if (after := _values(cursor, len(order))) is not None:
        found = found.filter(_behind(order, after, view))
    ordered = found.select_related("host", "assignee").order_by(*_names(view))
    cases = list(ordered[: size + 1])
    more = len(cases) > size
    return Page(cases[:size], _cursor(cases[size - 1], order) if more else "")


def neighbours(found: CaseQuerySet, view: View, case: Case) -> tuple[int | None, int | None]:
    """The cases of a view before and after one, which need not be in it any more."""
    order = _order(view)
    at = _values(_cursor(case, order), len(order)) if getattr(case, order[0]) is not None else None
    if at is None:
        return None, found.order_by(*_names(view)).values_list("pk", flat=True).first()
    after = found.filter(_behind(order, at, view)).order_by(*_names(view))
    before = found.filter(_before(order, at, view)).order_by(*_names(view)).reverse()
    first = (rows.values_list("pk", flat=True).first() for rows in (before, after))
    previous, following = first
    return previous, following


def counts(hosts: HostQuerySet) -> dict[str, Counts]:
    """What waits at some hosts, by kind."""
    ids = None if hosts.are_all() else list(hosts.values_list("pk", flat=True))
    found = connection.rows(_COUNTS, {"ids": ids, "max": COUNTED_MAX})
    return {kind: Counts(*numbers) for kind, *numbers in found}


def _order(view: View) -> tuple[str, ...]:
    return ("closed_at", "id") if view.is_of_closed else ("priority", "due_at", "id")


def _names(view: View) -> list[str]:
    order = _order(view)
    return [f"-{name}" for name in order] if view.is_of_closed else list(order)


def _records(found: CaseQuerySet) -> CaseQuerySet:
    return found.exclude(collection="")


def _about(found: CaseQuerySet, text: str) -> CaseQuerySet:
    return found.with_subject(text) if text.startswith("at://") else found.about(text)


def _behind(order: Sequence[str], after: Sequence[Any], view: View) -> Q:
    compare = TupleLessThan if view.is_of_closed else TupleGreaterThan
    return Q(compare(tuple(map(F, order)), tuple(map(Value, after))))


def _before(order: Sequence[str], at: Sequence[Any], view: View) -> Q:
    compare = TupleGreaterThan if view.is_of_closed else TupleLessThan
    return Q(compare(tuple(map(F, order)), tuple(map(Value, at))))


def _cursor(case: Case, order: Sequence[str]) -> str:
    values = [getattr(case, name) for name in order]
    numbers = [(v - _EPOCH) // _MICROSECOND if isinstance(v, datetime) else v for v in values]
    return "-".join(map(str, numbers))


def _values(cursor: str, length: int) -> list[Any] | None:
    """What a cursor stands for; the value before the last is a moment."""
    numbers = [number for p in cursor.split("-") if (number := row_numbers.read(p)) is not None]
    if len(numbers) != length or cursor.count("-") != length - 1:
        return None
    *first, at, pk = numbers
    try:
        return [*first, _EPOCH + at * _MICROSECOND, pk]
    except OverflowError:
        return None


def _numbers(counts: Counts) -> tuple[int, ...]:
    return counts.waiting, counts.overdue, counts.escalated, counts.open
