"""The desk's page of a case: one page for its subject, and all that can be done about it.

Every form leads on to the next case of the view that the moderator works through. Without scripts
these are plain pages; static/desk.js swaps what is in `main` and gives the keyboard its letters.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.models import StaffUser
from hosting.pages.security_headers import page_policy
from moderation import permissions
from moderation.console.actions import Given as Checked
from moderation.console.actions import act_on
from moderation.console.desk.forms import (
    ActionForm,
    AssignForm,
    NoteForm,
    ReasonForm,
    ReportForm,
    WaitForm,
)
from moderation.console.desk.queue import redirect_to
from moderation.console.views import staff_of
from moderation.desk import moves, presence, queue
from moderation.desk.actions import taking
from moderation.desk.actions.table import Given
from moderation.desk.queue import View
from moderation.desk.subjects import dossier, threads
from moderation.desk.subjects.facts import Facts, facts
from moderation.enforcement import policies
from moderation.models import Case, Report
from moderation.permissions import Deed

_COLLEAGUES_MAX: Final = 200  # to choose from
Verb = Callable[[Case, Checked], str]


@require_GET
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """`/console/desk/cases/<id>/`."""
    found = found_case(request, case_id)
    staff, view = staff_of(request), View.of_query(request.GET)
    presence.note(staff, found)
    known, hosts = facts(found), hosts_in_view(request)
    deeds = permissions.deeds_of(staff, found.host.tenant_id)
    may_move = Deed.CASES_ASSIGN in deeds and not found.is_closed
    rows = queue.rows(hosts, staff, view)
    before, after = queue.neighbours(rows, view, found)
    context: dict[str, Any] = {
        "title": _("Case %(number)s") % {"number": found.pk},
        "case": found,
        "known": known,
        "view": view,
        "before": before,
        "after": after,
        "actions": taking.offered(staff, known),
        "policies": policies.in_force(found.host.tenant),
        "others": presence.others(staff, found),
        "may_move": may_move,
        **(_colleagues(found, staff) if may_move else {}),
        "may_note": Deed.CASES_NOTE in deeds,
        "may_close": Deed.CASES_CLOSE in deeds,
        "is_barred": found.barred_id == staff.pk,
        "events": found.events.select_related("staff").order_by("-id")[:100],
        "has_thread": bool(known.case.path and threads.app_view_url(found.host)),
        **_dossier(known, request, sees_connected=Deed.CASES_CLOSE in deeds),
    }
    response = render_page(request, "moderation/desk/case.html", context)
    response["Content-Security-Policy"] = page_policy({"frame-src": "'self'"})
    return response


@require_POST
def act(request: HttpRequest, case_id: int, action: str) -> HttpResponse:
    """Take one of the actions that the case offers, and go on."""

    def verb(found: Case, given: Checked) -> str:
        taking.act(staff_of(request), found, action, Given.of(given))
        return _("Case %(number)s: done.") % {"number": found.pk}

    return _sent(request, case_id, ActionForm(request.POST), verb, goes_on=True)


@require_POST
def take(request: HttpRequest, case_id: int) -> HttpResponse:
    """Have the case oneself."""

    def verb(found: Case, _given: Checked) -> str:
        moves.take(staff_of(request), found)
        return _("The case is yours.")

    return _sent(request, case_id, Form(request.POST), verb)


@require_POST
def assign(request: HttpRequest, case_id: int) -> HttpResponse:
    """Give the case to somebody else."""

    def verb(found: Case, given: Checked) -> str:
        to = get_object_or_404(moves.assignable(found), username=given["to"])
        moves.assign(staff_of(request), found, to)
        return _("The case is with %(name)s.") % {"name": to}

    return _sent(request, case_id, AssignForm(request.POST), verb, goes_on=True)


@require_POST
def release(request: HttpRequest, case_id: int) -> HttpResponse:
    """Put the case back."""

    def verb(found: Case, _given: Checked) -> str:
        moves.release(staff_of(request), found)
        return _("The case is back in the queue.")

    return _sent(request, case_id, Form(request.POST), verb, goes_on=True)


@require_POST
def wait(request: HttpRequest, case_id: int) -> HttpResponse:
    """Set the case aside for some days."""

    def verb(found: Case, given: Checked) -> str:
        until = timezone.now() + timedelta(days=given["days"])
        moves.wait(staff_of(request), found, until, given["text"])
        return _("The case waits.")

    return _sent(request, case_id, WaitForm(request.POST), verb, goes_on=True)


@require_POST
def note(request: HttpRequest, case_id: int) -> HttpResponse:
    """Write a note."""

    def verb(found: Case, given: Checked) -> str:
        moves.note(staff_of(request), found, given["text"])
        return _("The note is kept.")

    return _sent(request, case_id, NoteForm(request.POST), verb)


@require_POST
def reopen(request: HttpRequest, case_id: int) -> HttpResponse:
    """Open a closed case anew."""

    def verb(found: Case, given: Checked) -> str:
        moves.reopen(staff_of(request), found, given["reason"])
        return _("The case is open again.")

    return _sent(request, case_id, ReasonForm(request.POST), verb)


@require_POST
def close_report(request: HttpRequest, case_id: int, report_id: int) -> HttpResponse:
    """Close one report of the case."""

    def verb(found: Case, given: Checked) -> str:
        report = get_object_or_404(Report.objects.filter(case=found), pk=report_id)
        moves.close_report(staff_of(request), report, given["resolution"], given["reason"])
        return _("The report is closed.")

    return _sent(request, case_id, ReportForm(request.POST), verb)


@require_GET
def viewers(request: HttpRequest, case_id: int) -> HttpResponse:
    """Who else looks at the case: a fragment that the page asks for again and again."""
    found = found_case(request, case_id)
    presence.note(staff_of(request), found)
    context = {"case": found, "others": presence.others(staff_of(request), found)}
    return TemplateResponse(request, "moderation/desk/viewers.html", context)


def found_case(request: HttpRequest, case_id: int) -> Case:
    """A case of the hosts in view; another tenant's is not there."""
    rows = Case.objects.of(hosts_in_view(request))
    return get_object_or_404(rows.select_related("host__tenant", "assignee", "barred"), pk=case_id)


def _colleagues(found: Case, staff: StaffUser) -> dict[str, Any]:
    """Who may be given the case and does not have it; of too many one is named by hand."""
    having_it = [each.pk for each in (staff, found.assignee) if each]
    others = list(moves.assignable(found).exclude(pk__in=having_it)[: _COLLEAGUES_MAX + 1])
    return {"others_of_staff": others, "are_too_many": len(others) > _COLLEAGUES_MAX}


def _sent(
    request: HttpRequest, case_id: int, form: Form, verb: Verb, *, goes_on: bool = False
) -> HttpResponse:
    """What a form of the page leads to: the next case of the view, or the same one when it is
    refused."""
    found = found_case(request, case_id)
    view, staff = View.of_query(QueryDict(request.GET.urlencode())), staff_of(request)
    rows = queue.rows(hosts_in_view(request), staff, view)
    _before, after = queue.neighbours(rows, view, found)
    was_done = act_on(request, form, partial(verb, found))
    if goes_on and was_done and after:
        return redirect_to(Case(pk=after), view)
    return redirect_to(found, view)


def _dossier(known: Facts, request: HttpRequest, *, sees_connected: bool) -> dict[str, Any]:
    hosts = hosts_in_view(request)
    return {
        "reports": dossier.reports(known.case),
        "earlier": dossier.earlier(known.case, hosts),
        "entries": dossier.entries(known.case, hosts),
        "labels": dossier.labels(known),
        "strikes": dossier.strikes(known.case),
        "decisions": dossier.decisions(known.case),
        "repo": dossier.repo_of(known),
        "connected": dossier.connected(known) if sees_connected else None,
    }
