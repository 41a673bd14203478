"""The second step of staff who sign in to the console.

Django's session begins with the password, and opens nothing until a second factor was shown in it:
`way_in` says where to go first. Outside of a sandbox staff must have one.
"""

from typing import Final

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication.factors import ceremonies, holders, passkeys, second_step
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.holders import Holder
from accounts.authentication.factors.second_step import Shown
from hosting.console.page import render_page
from hosting.console.site import console
from hosting.limits import RateLimitExceeded
from hosting.models import StaffUser
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

SHOWN: Final = "second factor"  # in the session: who showed one
STEP: Final = "console:second_step"
OWN: Final = "console:own_factors"


class StepForm(forms.Form):
    """A code, or a passkey."""

    code = forms.CharField(
        label=_("Code of your authenticator app, or a recovery code"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
    )
    passkey = forms.CharField(
        required=False, max_length=ceremonies.RESPONSE_MAX_CHARS, widget=forms.HiddenInput()
    )

    def clean(self) -> None:
        if not (self.cleaned_data.get("code") or self.cleaned_data.get("passkey")):
            self.add_error("code", _("Enter the code."))


def holder_of(request: HttpRequest) -> Holder:
    """Who is signed in, as the holder of factors."""
    staff = request.user
    assert isinstance(staff, StaffUser)  # noqa: S101 - only they are asked
    return holders.of_staff(host_of(request), staff)


def way_in(request: HttpRequest) -> str:
    """Where who gave the right password has to go before the console opens; empty: it is open."""
    holder = holder_of(request)
    if request.session.get(SHOWN) == holder.key:
        return ""
    if holder.has_strong():
        return STEP
    return "" if settings.SANDBOX else OWN


def note_shown(request: HttpRequest) -> None:
    """A second factor was shown in this session."""
    request.session.cycle_key()
    request.session[SHOWN] = holder_of(request).key


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest) -> HttpResponse:
    """`/console/second-step/`: after the password; `leave` begins again."""
    if not console.is_staff_here(request) or way_in(request) != STEP:
        return redirect("console:index")
    if "leave" in request.POST:
        logout(request)
        return redirect("console:login")
    form = StepForm(request.POST if request.method == "POST" else None)
    holder, status = holder_of(request), None
    if form.is_valid():
        try:
            _check(holder, Shown(form.cleaned_data["code"], form.cleaned_data["passkey"]))
            note_shown(request)
            return redirect("console:index")
        except XrpcError as refusal:
            refuse(form, refusal, "code")
            status = refusal.status if isinstance(refusal, RateLimitExceeded) else None
    return _page(request, holder, form, status)


def _check(holder: Holder, shown: Shown) -> None:
    asked = second_step.ways(holder)
    if asked is not None:
        second_step.check(holder, asked, shown)


def _page(request: HttpRequest, holder: Holder, form: StepForm, status: int | None) -> HttpResponse:
    has_passkey = passkeys.usable(holder)
    context = {
        "title": _("One more step"),
        "form": form,
        "options": passkeys.options_to_show(holder.host, Purpose.SECOND_STEP, holder)
        if has_passkey
        else "",
    }
    return render_page(request, "moderation/second_step.html", context, status)
