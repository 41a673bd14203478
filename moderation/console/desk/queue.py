"""The desk's queue: what waits, by kind, status and deadline; views that are kept under a name."""

from typing import Any

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.models import Host
from hosting.tenancy.routing import host_of
from moderation import audit, lookup, permissions
from moderation.console.desk.forms import FilterForm, OpenForm
from moderation.console.views import staff_of
from moderation.desk import case_table, cases, moves, queue
from moderation.desk.actions import taking
from moderation.desk.queue import Counts, View
from moderation.desk.subjects import extracts
from moderation.desk.subjects.subject import Subject, of_uri
from moderation.models import AuditEntry, Case, CaseFilter
from moderation.permissions import Deed
from protocol.errors import XrpcError
from protocol.syntax import is_did

FILTERS_MAX = 30  # of one member of staff at a tenant
QUERY_MAX_CHARS = 1_000
_NOT_KEPT = gettext_lazy(
    "The view was not kept: choose a name of at most 60 characters, and a shorter search."
)


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """`/console/desk/`: a page of the queue."""
    view, staff, tenant_id = View.of_query(request.GET), staff_of(request), _tenant_id(request)
    hosts = hosts_in_view(request)
    counts = queue.counts(hosts)
    deeds = permissions.deeds_of(staff, tenant_id)
    page = queue.page(queue.rows(hosts, staff, view), view, request.GET.get("after", ""))
    told = extracts.of_cases(page.cases)
    context: dict[str, Any] = {
        "title": _("Cases"),
        "view": view,
        "page": page,
        "lines": [(each, told[each.pk]) for each in page.cases],
        "all": sum(counts.values(), Counts()),
        "kinds": [(k, label, counts.get(k, Counts())) for k, label in Case.Kind.choices],
        "states": Case.State.choices,
        "filters": CaseFilter.objects.filter(staff=staff, tenant=tenant_id),
        "may_take": Deed.CASES_ASSIGN in deeds,
        "may_bulk": Deed.CASES_BULK in deeds,
        "may_export": Deed.AUDIT_EXPORT in deeds,
        "bulk_actions": taking.for_many(staff, tenant_id),
        "open_form": OpenForm(),
    }
    return render_page(request, "moderation/desk/queue.html", context)


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """The next case that nobody has, in the view that was on show."""
    view = posted_view(request)
    staff = staff_of(request)
    found = queue.rows(hosts_in_view(request), staff, view)
    try:
        case = moves.take_next(staff, found)
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return back(view)
    if case is None:
        messages.info(request, _("No case is waiting."))
        return back(view)
    return redirect_to(case, view)


@require_POST
def open_case(request: HttpRequest) -> HttpResponse:
    """A case that staff open by themselves, or the one that is open already."""
    form = OpenForm(request.POST)
    permissions.require(staff_of(request), Deed.CASES_ASSIGN, _tenant_id(request))
    subject = _subject(request, form.cleaned_data["subject"]) if form.is_valid() else None
    if subject is None:
        messages.error(request, _("Enter a handle of your hosts, a DID or an at-URI with a DID."))
        return back(View())
    host = Host.objects.select_related("tenant").get(pk=host_of(request).pk)
    case = cases.open_by_staff(host, subject, form.cleaned_data["kind"])
    return redirect_to(case, View())


@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The cases of a view as CSV, for who may take the log out; the download is in it."""
    host, staff = host_of(request), staff_of(request)
    permissions.require(staff, Deed.AUDIT_EXPORT, host.tenant_id)
    view = posted_view(request)
    action, said = AuditEntry.Action.CASES_EXPORT, f"as CSV: {view.query or 'not closed'}"
    audit.record_at_host(staff, host, action, said)
    headers = {
        "Content-Disposition": 'attachment; filename="cases.csv"',
        "Cache-Control": "private, no-store",
    }
    found = queue.rows(hosts_in_view(request), staff, view)
    kind = "text/csv; charset=utf-8"
    return StreamingHttpResponse(case_table.lines(found), content_type=kind, headers=headers)


@require_POST
def keep_filter(request: HttpRequest) -> HttpResponse:
    """Keep a view of the queue under a name; the same name takes the new view."""
    form = FilterForm(request.POST)
    view = posted_view(request)
    own = CaseFilter.objects.filter(staff=staff_of(request), tenant=_tenant_id(request))
    fits = len(view.query) <= QUERY_MAX_CHARS  # it grows where letters are escaped
    if not form.is_valid() or not fits:
        messages.error(request, _NOT_KEPT)
        return back(view)
    name = form.cleaned_data["name"]
    if own.exclude(name=name).count() >= FILTERS_MAX:
        messages.error(request, _("There are too many views: remove one first."))
        return back(view)
    CaseFilter.objects.update_or_create(
        staff=staff_of(request),
        tenant_id=_tenant_id(request),
        name=name,
        defaults={"query": view.query},
    )
    return back(view)


@require_POST
def drop_filter(request: HttpRequest, filter_id: int) -> HttpResponse:
    """Forget a view that was kept."""
    own = CaseFilter.objects.filter(staff=staff_of(request), tenant=_tenant_id(request))
    get_object_or_404(own, pk=filter_id).delete()
    return back(View())


def posted_view(request: HttpRequest) -> View:
    """The view of the queue that a form was sent from."""
    return View.of_query(QueryDict(request.POST.get("query", "")[:QUERY_MAX_CHARS]))


def back(view: View) -> HttpResponseRedirect:
    """To the queue, as it was."""
    return HttpResponseRedirect(f"{reverse('console:desk')}?{view.query}".rstrip("?"))


def redirect_to(case: Case, view: View) -> HttpResponseRedirect:
    """To a case's page, which goes on in this view."""
    return HttpResponseRedirect(f"{redirect('console:case', case.pk).url}?{view.query}".rstrip("?"))


def _subject(request: HttpRequest, text: str) -> Subject | None:
    text = text.strip()
    if text.startswith("at://did:"):
        try:
            return of_uri(text)
        except XrpcError:
            return None
    if is_did(text):
        return Subject(text)
    found = lookup.find(hosts_in_view(request), text)
    return Subject(found.account.did) if found else None


def _tenant_id(request: HttpRequest) -> int:
    return host_of(request).tenant_id
