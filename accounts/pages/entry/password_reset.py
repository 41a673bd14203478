"""The pages for a forgotten password: ask for a code, then set a new password with it.

Whoever asks learns nothing of who has an account: the answer is the same for everybody. The mailed
code does not travel in the link, so that it ends in no log and no browser history.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import password_resets
from accounts.pages.answers import own_pages, posted, show_form, status_of
from accounts.pages.forms.accounts import IdentifierForm
from accounts.pages.forms.reset import NewPasswordForm
from hosting import limits
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_ASK = "accounts/reset_password.html"
_CODE = "accounts/reset_password_code.html"


@require_safe
def change_password(_request: HttpRequest) -> HttpResponse:
    """`/.well-known/change-password`: where password managers send people (W3C)."""
    return redirect("accounts:reset_password")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """`/account/reset-password`: mail a code to whoever goes by that name, if anybody does."""
    return ask_page(request, own_pages(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """`/account/reset-password/code`: the code, and the new password."""
    return enter_page(request, own_pages(request))


@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """`/account/reset-password/done`: it is set; now sign in with it."""
    return done_page(request, own_pages(request))


def ask_page(request: HttpRequest, shown: Mapping[str, Any]) -> HttpResponse:
    """Whose password it is. `shown`: accounts.pages.answers.own_pages, or an app's."""
    form = IdentifierForm(host_of(request), posted(request))
    if form.is_valid():
        try:
            limits.attempt(request, limits.REQUEST_PASSWORD_RESET, form.host)
        except limits.RateLimitExceeded as refusal:
            form.refuse(refusal)
            return show_form(request, _ASK, form, status_of(refusal), shown)
        identifier, language = form.cleaned_data["identifier"], get_language() or "en"
        password_resets.ask_later(form.host, identifier, language)
        return redirect(shown["pages"]["reset_password_code"])
    return show_form(request, _ASK, form, shown=shown)


def enter_page(request: HttpRequest, shown: Mapping[str, Any]) -> HttpResponse:
    """The code and the new password."""
    form = NewPasswordForm(host_of(request), posted(request))
    if form.is_valid():
        given = form.cleaned_data
        try:
            limits.attempt(request, limits.RESET_PASSWORD, form.host)
            password_resets.reset(form.host, given["code"], given["password"])
            return redirect(shown["pages"]["reset_password_done"])
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, _CODE, form, status_of(refusal), shown)
    return show_form(request, _CODE, form, shown=shown)


def done_page(request: HttpRequest, shown: Mapping[str, Any]) -> HttpResponse:
    """Where to sign in now."""
    context = {"host": host_of(request), **shown}
    return render(request, "accounts/reset_password_done.html", context)
