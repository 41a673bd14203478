"""The clocks of cases: what is overdue goes up in its queue, what waited long enough comes back."""

from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from moderation.desk import presence
from moderation.desk.cases import tell
from moderation.models import Case, CaseEvent, CaseQuerySet

BATCH: Final = 500


def sweep() -> None:
    """Every minute; may run in several places at once."""
    normal = Case.objects.overdue().filter(priority=Case.Priority.NORMAL)
    while len(_each(normal, _raise)) == BATCH:
        pass
    waited = Case.objects.filter(state=Case.State.WAITING, waiting_until__lte=timezone.now())
    while len(_each(waited, _resume)) == BATCH:
        pass
    presence.forget_old()


def _each(due: CaseQuerySet, change: Any) -> list[Case]:
    """Change a batch of cases that nobody holds at the moment."""
    with transaction.atomic():
        found = due.select_for_update(skip_locked=True, no_key=True).order_by("due_at")[:BATCH]
        cases = list(found)
        for case in cases:
            change(case)
    return cases


def _raise(case: Case) -> None:
    case.priority = Case.Priority.OVERDUE
    case.save(update_fields=["priority"])
    tell(case, CaseEvent.Kind.OVERDUE, None)


def _resume(case: Case) -> None:
    case.state = Case.State.ASSIGNED if case.assignee_id else Case.State.OPEN
    case.waiting_until = None
    case.save(update_fields=["state", "waiting_until"])
    tell(case, CaseEvent.Kind.RESUMED, None)
