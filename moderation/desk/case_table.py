"""Cases as a table for other programs: CSV, a line a case, read as it is sent."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from moderation.models import Case, CaseQuerySet

ROWS_MAX: Final = 100_000
COLUMNS: Final = (
    "case", "host", "subject", "kind", "state", "resolution", "reports", "opened", "due", "closed",
    "assignee",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out


class _Echo:
    """Hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def lines(found: CaseQuerySet) -> Iterator[str]:
    """The head, then the cases, the newest first, ROWS_MAX at the most. Times are UTC."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    rows = found.select_related("host", "assignee").order_by("-pk")[:ROWS_MAX]
    for case in rows.iterator():
        yield writer.writerow(list(map(_harmless, _values(case))))


def _values(case: Case) -> Sequence[str]:
    who = str(case.assignee) if case.assignee else ""
    times = map(_time, (case.created_at, case.due_at, case.closed_at))
    about = (str(case.pk), case.host.hostname, case.subject, case.kind, case.state, case.resolution)
    return (*about, str(case.report_count), *times, who)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
