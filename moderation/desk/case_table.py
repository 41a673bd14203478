"""Cases as a table for other programs: CSV, a line a case, read as it is sent: some thousands at a
time, so that no statement stays open for somebody who is slow to take them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from moderation.models import Case, CaseQuerySet
from server.web import csv_lines

ROWS_MAX: Final = 100_000
_PAGE_ROWS: Final = 2_000
COLUMNS: Final = (
    "case", "host", "subject", "kind", "state", "resolution", "reports", "opened", "due", "closed",
    "assignee",
)  # fmt: skip


def lines(found: CaseQuerySet) -> Iterator[str]:
    """The head, then the cases, the newest first, ROWS_MAX at the most. Times are UTC."""
    yield csv_lines.line(COLUMNS)
    rows = found.select_related("host", "assignee").order_by("-pk")
    for _page in range(ROWS_MAX // _PAGE_ROWS):
        page = list(rows[:_PAGE_ROWS])
        yield from (csv_lines.line(_values(case)) for case in page)
        if len(page) < _PAGE_ROWS:
            return
        rows = rows.filter(pk__lt=page[-1].pk)


def _values(case: Case) -> Sequence[str]:
    who = str(case.assignee) if case.assignee else ""
    times = map(_time, (case.created_at, case.due_at, case.closed_at))
    about = (str(case.pk), case.host.hostname, case.subject, case.kind, case.state, case.resolution)
    return (*about, str(case.report_count), *times, who)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""
