"""Pages of abuse notices and of who may send them, and of the figures of each month."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.enforcement.forms import AuthorityForm
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.enforcement.legal import abuse_notices, figures
from moderation.models import AbuseNotice
from moderation.permissions import Deed

_LIST = "console:abuse_notices"
_ON_A_PAGE = 50
_MONTHS_MAX = 60


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """`abuse-notices/`: those that nobody has acknowledged, eldest first, and the authorities."""
    host = host_of(request)
    found = AbuseNotice.objects.at(hosts_in_view(request)).open().order_by("pk")
    allowed = permissions.deeds_of(staff_of(request), host.tenant_id)
    context = {
        "title": _("Abuse notices"),
        "page": Paginator(found, _ON_A_PAGE).get_page(request.GET.get("page")),
        "authorities": abuse_notices.authorities(host.tenant),
        "form": AuthorityForm(),
        "may_change": Deed.POLICIES_CHANGE in allowed,
    }
    return render_page(request, "moderation/enforcement/abuse_notices.html", context)


@require_POST
def acknowledge(request: HttpRequest, notice_id: int) -> HttpResponse:
    """`abuse-notices/<id>/acknowledge/`."""
    rows = AbuseNotice.objects.at(hosts_in_view(request)).select_related("host")
    notice = get_object_or_404(rows, pk=notice_id)

    def verb(given: Given) -> str:
        abuse_notices.acknowledge(staff_of(request), notice, given["reason"])
        return _("The notice is acknowledged.")

    act_on(request, ReasonForm(request.POST), verb)
    return redirect(_LIST)


@require_POST
def name_authority(request: HttpRequest) -> HttpResponse:
    """`abuse-notices/authorities/`: take its notices."""

    def verb(given: Given) -> str:
        staff, host = staff_of(request), host_of(request)
        wanted = given["is_acted_on"]
        abuse_notices.name_authority(staff, host, given["did"], is_acted_on=wanted)
        return _("Its notices are taken.")

    act_on(request, AuthorityForm(request.POST), verb)
    return redirect(_LIST)


@require_POST
def drop_authority(request: HttpRequest) -> HttpResponse:
    """`abuse-notices/authorities/remove/`."""
    did = request.POST.get("did", "")
    abuse_notices.drop_authority(staff_of(request), host_of(request), did)
    messages.success(request, _("Its notices are taken no longer."))
    return redirect(_LIST)


@require_GET
def month(request: HttpRequest) -> HttpResponse:
    """`figures/?month=2026-11`: what was done in a month."""
    tenant = host_of(request).tenant
    months = figures.months(tenant)[:_MONTHS_MAX]
    shown = _month(request.GET.get("month", ""), months)
    counted = figures.of_month(tenant, shown)
    context = {
        "title": _("Figures"),
        "months": months,
        "shown": shown,
        "is_open": shown == figures.this_month(),
        "rows": [(label, counted[name]) for name, label in figures.LABELS.items()],
    }
    return render_page(request, "moderation/enforcement/figures.html", context)


@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """`figures/figures.csv`: all months."""
    tenant = host_of(request).tenant
    content = figures.as_csv(tenant, figures.months(tenant)[:_MONTHS_MAX])
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _month(text: str, months: list[date]) -> date:
    if not text:
        return months[0]
    for each in months:
        if f"{each:%Y-%m}" == text:
            return each
    raise Http404
