"""The dashboard, the console's first page: pending work, a look-up field, the latest actions."""

from typing import Any

from django.http import HttpRequest

from accounts.models import HeldSignUp
from hosting.console.site import hosts_in_view
from moderation.console.forms import LookUpForm
from moderation.console.lists.bounded import counted
from moderation.desk import queue
from moderation.desk.queue import Counts
from moderation.models import AuditEntry


def context(request: HttpRequest, page: dict[str, Any]) -> dict[str, Any]:
    """Add to the index page's context (unfold's DASHBOARD_CALLBACK)."""
    hosts = hosts_in_view(request)
    return {
        **page,
        "look_up_form": LookUpForm(),
        "recent_entries": AuditEntry.objects.of(hosts).select_related("staff")[:10],
        "held": counted(HeldSignUp.objects.at(hosts).waiting()),
        "cases": sum(queue.counts(hosts).values(), Counts()),
    }
