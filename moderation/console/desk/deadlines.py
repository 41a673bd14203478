"""The desk's deadlines on the console: in how many hours a case of each kind is to be decided."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hosting.console.page import render_page
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import act_on
from moderation.console.desk.forms import DeadlineForm
from moderation.console.views import staff_of
from moderation.desk import deadlines
from moderation.models import Case
from moderation.permissions import Deed


@require_http_methods(["GET", "POST"])
def table(request: HttpRequest) -> HttpResponse:
    """The tenant's table; its owner changes it."""
    tenant = host_of(request).tenant
    if request.method == "POST":
        return _changed(request)
    hours = deadlines.hours(tenant.pk)
    context: dict[str, Any] = {
        "title": _("Deadlines"),
        "rows": [
            (kind, label, hours[kind], deadlines.hours_max(kind))
            for kind, label in Case.Kind.choices
        ],
        "may_change": permissions.may(staff_of(request), Deed.SETTINGS_CHANGE, tenant.pk),
        "child_hours": deadlines.hours_max(Case.Kind.CHILD_SAFETY),
    }
    return render_page(request, "moderation/desk/deadlines.html", context)


def _changed(request: HttpRequest) -> HttpResponse:
    def verb(given: dict[str, Any]) -> str:
        wanted = {kind: hours for kind, hours in given.items() if hours}
        deadlines.set_hours(staff_of(request), host_of(request), wanted)
        return _("The deadlines hold for cases that are opened from now on.")

    act_on(request, DeadlineForm(request.POST), verb)
    return redirect("console:deadlines")
