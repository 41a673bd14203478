"""The console's approval queue: sign-ups that wait, and what can be done about one or many.

POST, then redirect. What another tenant holds is as unknown as what never was.
"""

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import HeldSignUp
from accounts.signup import velocity_limit
from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.models import Host, StaffUser
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.forms import AdmissionForm, DiscardSignUpsForm, ReasonForm
from moderation.console.lists.bounded import BoundedPaginator
from moderation.console.views import staff_of
from moderation.permissions import Deed
from moderation.staff import sign_up_review

_ON_A_PAGE = 50
_LIST = "console:sign_ups"
Verb = Callable[[StaffUser, HeldSignUp, str], None]


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Who waits, eldest first, whether the velocity limit is exceeded, and its policy."""
    return _page(request)


@require_POST
def change_admission(request: HttpRequest) -> HttpResponse:
    """Another admission policy for this host."""
    form = AdmissionForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)

    def verb(_given: Given) -> str:
        sign_up_review.change_admission(staff_of(request), host_of(request), form.wanted)
        return _("The policy is changed.")

    return _done(request, form, verb)


@require_POST
def approve(request: HttpRequest, held_id: int) -> HttpResponse:
    """Let this person in."""
    return _decide(request, held_id, sign_up_review.approve, _("The sign-up of @%s is approved."))


@require_POST
def refuse(request: HttpRequest, held_id: int) -> HttpResponse:
    """Say no to this person."""
    return _decide(request, held_id, sign_up_review.refuse, _("The sign-up of @%s is refused."))


@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Say no to all that were ticked, without mail."""

    def verb(given: Given) -> str:
        staff, host = staff_of(request), host_of(request)
        discarded = sign_up_review.discard(staff, host, given["held"], given["reason"])
        return _("%s sign-ups deleted.") % discarded

    return _done(request, DiscardSignUpsForm(request.POST), verb)


@require_POST
def reopen(request: HttpRequest) -> HttpResponse:
    """Resume sign-ups at this host."""

    def verb(given: Given) -> str:
        sign_up_review.reopen(staff_of(request), host_of(request), given["reason"])
        return _("Sign-ups are resumed.")

    return _done(request, ReasonForm(request.POST), verb)


def _page(
    request: HttpRequest, form: AdmissionForm | None = None, status: int = 200
) -> HttpResponse:
    allowed = permissions.deeds_of(staff_of(request), host_of(request).tenant_id)
    host = Host.objects.get(pk=host_of(request).pk)  # as it is now, not as it is remembered
    held = HeldSignUp.objects.at(hosts_in_view(request)).waiting().select_related("host")
    context: dict[str, Any] = {
        "title": _("Sign-ups"),
        "host": host,
        "page": BoundedPaginator(held.order_by("id"), _ON_A_PAGE).get_page(request.GET.get("page")),
        "is_tripped": velocity_limit.is_tripped(host),
        "may_admit": Deed.SIGN_UPS_DECIDE in allowed,
        "policy": host.get_admission_display(),
        "form": form or AdmissionForm.of(host),
        "may_decide": Deed.SIGN_UPS_POLICY in allowed,
    }
    return render_page(request, "moderation/sign_ups.html", context, status)


def _decide(request: HttpRequest, held_id: int, verb: Verb, done: str) -> HttpResponse:
    held = get_object_or_404(
        HeldSignUp.objects.at(hosts_in_view(request)).select_related("host__tenant"), pk=held_id
    )

    def decide(given: Given) -> str:
        verb(staff_of(request), held, given["reason"])
        return done % held.handle

    return _done(request, ReasonForm(request.POST), decide)


def _done(request: HttpRequest, form: Form, verb: Callable[[Given], str]) -> HttpResponse:
    act_on(request, form, verb)
    return redirect(_LIST)
