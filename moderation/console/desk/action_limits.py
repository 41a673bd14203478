"""How often one member of staff may take which action: the tenant's table on the console."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hosting.console.page import render_page
from hosting.tenancy.routing import host_of
from moderation import action_limits, permissions
from moderation.action_limits import PerMember
from moderation.console.actions import act_on
from moderation.console.desk.forms import ActionLimitsForm
from moderation.console.views import staff_of
from moderation.models import AuditEntry
from moderation.permissions import Deed
from moderation.staff import tenant_settings


@require_http_methods(["GET", "POST"])
def table(request: HttpRequest) -> HttpResponse:
    """The tenant's table; its owner changes it."""
    if request.method == "POST":
        return _changed(request)
    tenant_id = host_of(request).tenant_id
    limits = action_limits.of_tenant(tenant_id)
    context: dict[str, Any] = {
        "title": _("Limits of staff"),
        "rows": [(name, AuditEntry.Action(name).label, each) for name, each in limits.items()],
        "most": action_limits.MOST,
        "may_change": permissions.may(staff_of(request), Deed.STAFF_MANAGE, tenant_id),
    }
    return render_page(request, "moderation/desk/action_limits.html", context)


def _changed(request: HttpRequest) -> HttpResponse:
    def verb(given: dict[str, Any]) -> str:
        wanted = {
            str(action): PerMember(given[f"{action}-an_hour"], given[f"{action}-a_day"])
            for action in action_limits.LIMITED
        }
        tenant_settings.set_action_limits(staff_of(request), host_of(request), wanted)
        return _("The limits hold from now on.")

    act_on(request, ActionLimitsForm(request.POST), verb)
    return redirect("console:action_limits")
