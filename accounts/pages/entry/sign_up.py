"""The sign-up page, and what its script asks as somebody types.

The page obeys the host's admission policy like every way to sign up: it shows what the host asks
for (invite code, captcha), says when nobody can sign up, and when the staff look at it first.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication.credentials import SignUpWaits
from accounts.identity.handles.allocation import HandleNotAvailable, HandleTaken
from accounts.invites import links
from accounts.models import Account
from accounts.pages.answers import own_pages, posted, show_form, status_of
from accounts.pages.cookies import signed_in
from accounts.pages.forms.accounts import SignUpForm
from accounts.signup import handle_availability
from accounts.signup import sign_up as signup
from hosting import limits
from hosting.limits import MINUTE_S, Budget, bucket
from hosting.models import Host
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_TEMPLATE = "accounts/sign_up.html"
LOOK_UPS = bucket("handle-look-ups", Budget(600, 5 * MINUTE_S))  # some queries each
CLOSED = (Host.Admission.CLOSED, Host.Admission.MIGRATION_ONLY)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """`/account/sign-up`: a new account, then straight into it, unless the staff come first."""
    return page(request, own_pages(request), partial(signed_in, request))


def page(
    request: HttpRequest, shown: Mapping[str, Any], welcome: Callable[[Account], HttpResponse]
) -> HttpResponse:
    """The form, or why there is none. `shown`: accounts.pages.answers.own_pages, or an app's;
    `welcome` answers who has an account now."""
    host = host_of(request)
    if host.admission in CLOSED:
        is_for_moves = host.admission == Host.Admission.MIGRATION_ONLY
        context = {"host": host, "is_for_moves": is_for_moves, **shown}
        return render(request, "accounts/sign_up_closed.html", context, status=403)
    form = SignUpForm(host, posted(request))
    if "invite_code" in form.fields:
        form.initial["invite_code"] = request.GET.get(links.PARAMETER, "")[:100]
    response = _answer(request, form, shown, welcome)
    if form.captcha and form.captcha.sources:
        response["Content-Security-Policy"] = page_policy(form.captcha.sources)
    return response


@never_cache
@require_safe
def handle_available(request: HttpRequest) -> JsonResponse:
    """`/account/handle-available?handle=`: whether it is free, else what is."""
    host, wanted = host_of(request), request.GET.get("handle", "")[:300]
    try:
        limits.attempt(request, LOOK_UPS, host)
        handle = handle_availability.check(host, wanted)
    except XrpcError as refusal:
        others = handle_availability.suggestions(host, wanted) if _is_had(refusal) else []
        answer = {"message": refusal.for_page(), "suggestions": [o.handle for o in others]}
        return JsonResponse({"available": False, **answer})
    return JsonResponse(
        {"available": True, "message": _("@%s is free.") % handle, "suggestions": []}
    )


def _is_had(refusal: XrpcError) -> bool:
    """A name that is somebody's already, not one that is still being typed."""
    return isinstance(refusal, HandleTaken | HandleNotAvailable)


def _answer(
    request: HttpRequest,
    form: SignUpForm,
    shown: Mapping[str, Any],
    welcome: Callable[[Account], HttpResponse],
) -> HttpResponse:
    if not form.is_valid():
        return show_form(request, _TEMPLATE, form, shown=shown)
    try:
        limits.attempt(request, limits.SIGN_UP, form.host)
        address = request.META.get("REMOTE_ADDR", "")
        return welcome(signup.sign_up(form.host, form.wanted(address)))
    except SignUpWaits:
        context = {"host": form.host, "handle": form.wanted_handle, **shown}
        return render(request, "accounts/sign_up_held.html", context, status=202)
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _TEMPLATE, form, status_of(refusal), shown)
