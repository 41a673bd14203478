"""Presence: who else is looking at a case right now, so that two do not do the same work."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from hosting.models import StaffUser
from moderation.models import Case, CaseViewer

SEEN_FOR: Final = timedelta(seconds=90)
_KEPT_FOR: Final = timedelta(minutes=10)


def note(staff: StaffUser, case: Case) -> None:
    """Somebody has the case's page open."""
    CaseViewer.objects.update_or_create(
        case=case, staff=staff, defaults={"seen_at": timezone.now()}
    )


def others(staff: StaffUser, case: Case) -> list[StaffUser]:
    """Who else had it open a moment ago."""
    lately = case.viewers.filter(seen_at__gt=timezone.now() - SEEN_FOR).exclude(staff=staff)
    return [viewer.staff for viewer in lately.select_related("staff").order_by("-seen_at")[:5]]


def forget_old() -> None:
    """The sweep: who looked is kept for no longer than it is shown."""
    CaseViewer.objects.filter(seen_at__lt=timezone.now() - _KEPT_FOR).delete()
