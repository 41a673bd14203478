"""The console's page of incoming migrations: how far each is, and a button to resume it.
POST, then redirect.
"""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Arrival
from hosting.console.site import console, hosts_in_view
from moderation.console.actions import Given, act_on
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.staff import migration_support

_ON_A_PAGE = 30


@require_GET
def arriving(request: HttpRequest) -> HttpResponse:
    """Who is on the way in, newest first, then who has arrived."""
    request.current_app = console.name
    arrivals = Arrival.objects.at(hosts_in_view(request)).select_related("account__host")
    on_the_way_first = arrivals.order_by(F("activated_at").desc(nulls_first=True), "-created_at")
    page = Paginator(on_the_way_first, _ON_A_PAGE).get_page(request.GET.get("page"))
    staff = staff_of(request)
    listed = migration_support.with_progress(list(page))
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": _("Incoming migrations"),
        "page": page,
        "moves": [(move, migration_support.may_resume(staff, move.account)) for move in listed],
    }
    return TemplateResponse(request, "moderation/moves.html", context)


@require_POST
def resume(request: HttpRequest, account_id: int) -> HttpResponse:
    """Resume one that is stalled."""
    arrival = migration_support.find(hosts_in_view(request), account_id)
    if arrival is None:
        raise Http404(_("No such migration found."))

    def verb(given: Given) -> str:
        migration_support.resume(staff_of(request), arrival, given["reason"])
        return _("The migration of %s is resumed.") % arrival.account

    act_on(request, ReasonForm(request.POST), verb)
    return redirect("console:moves")
