"""Bulk work at a pace: some accounts a minute, resumed where it was.

One pace for all that a relay counts: relays take 50 events of a host in a second, 2,500 in an hour
and 20,000 in a day, of which people's own writes need their part (GROVE_ANNOUNCEMENTS_PER_HOUR).
"""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from provider.jobs.work import Work

PERIOD_S: Final = 60


def paced(
    work: Work, waiting: QuerySet[Any], do: Callable[[int], object], per_hour: int = 0
) -> None:
    """Do something to the next few of these rows, in the order of their keys, and go on in a
    minute; returns when there are no more. A row may be done twice after a crash.

    `per_hour`: so many; 0: what relays allow. Raises Later, Stopped.
    """
    at_once = max(1, (per_hour or settings.ANNOUNCEMENTS_PER_HOUR) * PERIOD_S // 3600)
    rows = waiting.filter(pk__gt=work.place.get("account", 0)).order_by("pk")
    chosen = list(rows.values_list("pk", flat=True)[:at_once])
    for pk in chosen:
        do(pk)
        work.advance(work.job.done_count + 1, account=pk)
    if len(chosen) == at_once:
        work.pause(PERIOD_S)
