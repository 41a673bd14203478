"""Cases as a table for other programs: CSV, a line a case, read as it is sent."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from moderation.models import Case, CaseQuerySet
from server.web import csv_lines

ROWS_MAX: Final = 100_000
COLUMNS: Final = (
    "case", "host", "subject", "kind", "state", "resolution", "reports", "opened", "due", "closed",
    "assignee",
)  # fmt: skip


def lines(found: CaseQuerySet) -> Iterator[str]:
    """The head, then the cases, the newest first, ROWS_MAX at the most. Times are UTC."""
    yield csv_lines.line(COLUMNS)
    rows = found.select_related("host", "assignee").order_by("-pk")[:ROWS_MAX]
    for case in rows.iterator():
        yield csv_lines.line(_values(case))


def _values(case: Case) -> Sequence[str]:
    who = str(case.assignee) if case.assignee else ""
    times = map(_time, (case.created_at, case.due_at, case.closed_at))
    about = (str(case.pk), case.host.hostname, case.subject, case.kind, case.state, case.resolution)
    return (*about, str(case.report_count), *times, who)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""
