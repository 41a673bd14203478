"""Bulk actions on the console: which cases and what, shown before it begins, and how far it is."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.tenancy.routing import host_of
from moderation.console.desk.forms import BulkForm, PreviewForm
from moderation.console.desk.queue import back, posted_view
from moderation.console.views import staff_of
from moderation.desk import queue
from moderation.desk.actions import bulk, table
from moderation.desk.queue import View
from moderation.enforcement import policies
from moderation.models import BulkAction, Case, CaseQuerySet
from protocol.errors import XrpcError

_SAMPLE = 20
_ORDER = ("priority", "due_at", "id")


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What would be done to which cases: a count, some of them, and the form that begins it."""
    form = PreviewForm(request.POST)
    view = posted_view(request)
    if not form.is_valid() or form.cleaned_data["action"] not in table.TABLE:
        messages.error(request, _("Choose an action."))
        return back(view)
    rows = _rows(request, form.cleaned_data["case"])
    if form.cleaned_data["has_all"]:
        rows = queue.rows(hosts_in_view(request), staff_of(request), view)
        rows = rows.filter(host__tenant=host_of(request).tenant_id)
    ids = list(rows.order_by(*_ORDER).values_list("pk", flat=True)[: bulk.CASES_MAX])
    if not ids:
        messages.error(request, bulk.TooManyCases().for_page())
        return back(view)
    context: dict[str, Any] = {
        "title": _("Bulk action"),
        "action": table.named(form.cleaned_data["action"]),
        "count": len(ids),
        "ids": ",".join(map(str, ids)),
        "is_cut": form.cleaned_data["has_all"] and len(ids) == bulk.CASES_MAX,
        "sample": Case.objects.filter(pk__in=ids[:_SAMPLE]).order_by(*_ORDER),
        "more": max(0, len(ids) - _SAMPLE),
        "policies": policies.in_force(host_of(request).tenant),
        "view": view,
    }
    return render_page(request, "moderation/desk/bulk_preview.html", context)


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin it."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        field, said = next(iter(form.errors.items()))
        messages.error(request, f"{form.fields[field].label}: {said[0]}")
        return back(View())
    given = dict(form.cleaned_data)
    rows = _rows(request, given.pop("cases"))
    try:
        tenant = host_of(request).tenant
        begun = bulk.start(staff_of(request), tenant, rows, given.pop("action"), given)
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return back(View())
    return redirect("console:bulk", begun.pk)


@require_GET
def progress(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """How far a bulk action is."""
    found = _found(request, bulk_id)
    context: dict[str, Any] = {
        "title": _("Bulk action"),
        "bulk": found,
        "action": table.named(found.action),
        "counts": bulk.progress(found),
        "failed": found.items.filter(state="failed").select_related("case")[:50],
    }
    return render_page(request, "moderation/desk/bulk.html", context)


@require_POST
def stop(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Leave what is not done yet."""
    found = _found(request, bulk_id)
    try:
        bulk.stop(staff_of(request), found)
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
    return redirect("console:bulk", bulk_id)


def _rows(request: HttpRequest, ids: list[int]) -> CaseQuerySet:
    """The cases with these numbers that are of the tenant and in view."""
    rows = Case.objects.of(hosts_in_view(request)).filter(pk__in=ids)
    return rows.filter(host__tenant=host_of(request).tenant_id)


def _found(request: HttpRequest, bulk_id: int) -> BulkAction:
    of_tenant = BulkAction.objects.filter(tenant=host_of(request).tenant_id)
    return get_object_or_404(of_tenant.select_related("staff"), pk=bulk_id)
