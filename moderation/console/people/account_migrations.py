"""The console's page of incoming migrations: how far each is, and a button to resume it.
POST, then redirect.
"""

from typing import Any

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AccountMigration
from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.forms import ReasonForm
from moderation.console.lists.bounded import BoundedPaginator
from moderation.console.views import staff_of
from moderation.permissions import Deed
from moderation.staff import migration_support

_ON_A_PAGE = 30


@require_GET
def arriving(request: HttpRequest) -> HttpResponse:
    """Pending migrations, newest first, then those that are over."""
    migrations = AccountMigration.objects.at(hosts_in_view(request)).select_related("account__host")
    pending_first = migrations.order_by(F("activated_at").desc(nulls_first=True), "-created_at")
    page = BoundedPaginator(pending_first, _ON_A_PAGE).get_page(request.GET.get("page"))
    listed = migration_support.with_progress(list(page))
    context: dict[str, Any] = {
        "title": _("Incoming migrations"),
        "page": page,
        "moves": listed,
        "may_resume": permissions.may(
            staff_of(request), Deed.MOVES_RESUME, host_of(request).tenant_id
        ),
    }
    return render_page(request, "moderation/moves.html", context)


@require_POST
def resume(request: HttpRequest, account_id: int) -> HttpResponse:
    """Resume one that is stalled."""
    migration = migration_support.find(hosts_in_view(request), account_id)
    if migration is None:
        raise Http404(_("No such migration found."))

    def verb(given: Given) -> str:
        migration_support.resume(staff_of(request), migration, given["reason"])
        return _("The migration of %s is resumed.") % migration.account

    act_on(request, ReasonForm(request.POST), verb)
    return redirect("console:moves")
