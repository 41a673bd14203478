"""Pages of appeals against decisions: those that are open, and one to decide on."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.pages.form_errors import refuse
from moderation.console.enforcement.forms import OutcomeForm
from moderation.console.views import staff_of
from moderation.enforcement import appeals
from moderation.enforcement.actions import ACTIONS
from moderation.models import Decision
from protocol.errors import XrpcError

_ON_A_PAGE = 50


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """`appeals/`: those that nobody has decided, eldest first."""
    found = Decision.objects.at(hosts_in_view(request)).appealed().order_by("appealed_at")
    page = Paginator(found, _ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Appeals"),
        "page": page,
        "appeals": [(each, ACTIONS[each.action].label) for each in page],
    }
    return render_page(request, "moderation/enforcement/appeals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, decision_id: int) -> HttpResponse:
    """`appeals/<id>/`: what was decided, what its owner says, and the outcome."""
    rows = Decision.objects.at(hosts_in_view(request)).filter(appealed_at__isnull=False)
    rows = rows.select_related("entry__staff", "policy", "host__tenant", "outcome_entry__staff")
    decision = get_object_or_404(rows, pk=decision_id)
    form, status = OutcomeForm(request.POST if request.method == "POST" else None), 200
    if form.is_valid():
        given = form.cleaned_data
        try:
            outcome = Decision.Outcome(given["outcome"])
            appeals.decide(staff_of(request), decision, outcome, given["reason"], given["words"])
            messages.success(request, _("The appeal is decided, and its outcome sent."))
            return redirect("console:appeals")
        except XrpcError as refusal:
            refuse(form, refusal)
            status = refusal.status
    elif form.errors:
        status = 400
    context = {
        "title": _("Appeal"),
        "decision": decision,
        "label": ACTIONS[decision.action].label,
        "form": form,
        "may_decide": appeals.may_decide(staff_of(request), decision),
    }
    return render_page(request, "moderation/enforcement/appeal.html", context, status)
