"""What the console's first page shows: a look-up field and the latest actions."""

from typing import Any

from django.http import HttpRequest

from hosting.console import hosts_in_view
from moderation.console.forms import LookUpForm
from moderation.models import AuditEntry


def context(request: HttpRequest, page: dict[str, Any]) -> dict[str, Any]:
    """Add to the index page's context (unfold's DASHBOARD_CALLBACK)."""
    entries = AuditEntry.objects.of(hosts_in_view(request)).select_related("staff")[:10]
    return {**page, "look_up_form": LookUpForm(), "recent_entries": entries}
