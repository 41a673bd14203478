"""The page behind an invitation to the staff: a name and a password, and one is in."""

from django import forms
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from hosting import limits
from hosting.console.page import render_page
from hosting.models import StaffInvite
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation.staff import staff_invites
from moderation.staff.staff_invites import InviteGone, NameTaken
from protocol.errors import XrpcError

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class JoinForm(forms.Form):
    """How they will sign in."""

    username = forms.CharField(
        label=_("Name"),
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
        help_text=_("You sign in to the console with it."),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=512,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters. If you are staff elsewhere here, give yours."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """`/console/join/<token>/`."""
    try:
        invite = staff_invites.find(host_of(request), token)
    except InviteGone as gone:
        raise Http404(gone.for_page()) from None
    form = JoinForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _joined(request, token, form)
        except ValidationError as weak:
            form.add_error("password", weak)
        except XrpcError as refusal:
            refuse(form, refusal, "username")
            if isinstance(refusal, limits.RateLimitExceeded):
                return _page(request, invite, form, refusal.status)
    return _page(request, invite, form)


def _joined(request: HttpRequest, token: str, form: JoinForm) -> HttpResponse:
    name, password = form.cleaned_data["username"], form.cleaned_data["password"]
    with limits.staff_logging_in(request, name, NameTaken):
        staff = staff_invites.accept(host_of(request), token, name, password)
    login(request, staff, backend=_BACKEND)
    return redirect("console:index")


def _page(
    request: HttpRequest, invite: StaffInvite, form: JoinForm, status: int | None = None
) -> HttpResponse:
    context = {"title": _("Join the staff"), "form": form, "invite": invite}
    return render_page(request, "moderation/join.html", context, status)
