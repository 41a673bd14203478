"""Security of an account: its password, its sessions, and how apps may sign in."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import (
    password_resets,
    security_changes,
    sign_in_alerts,
    signed_in_apps,
    web_sessions,
)
from accounts.models import Account
from accounts.oauth import devices as devices_of_apps
from accounts.pages import cookies
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes, contributions
from accounts.pages.centre.contributions import SECURITY, Row
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import address, for_signed_in
from accounts.pages.forms.accounts import HostForm
from accounts.pages.forms.centre import ChangePasswordForm
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_PASSWORD = "accounts/centre/password.html"  # noqa: S105 - a template
_OAUTH_ONLY = "accounts/centre/oauth_only.html"


@never_cache
@require_safe
@for_signed_in
def security(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security`: a row for each matter."""
    shown = {
        "host": host_of(request),
        "account": account,
        "rows": contributions.rows(request, account, SECURITY),
    }
    return render(request, "accounts/centre/security.html", shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@with_fresh_proof
def password(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/password`: another one; everybody else is signed out unless they say no.
    This browser stays signed in."""
    form = ChangePasswordForm(host_of(request), posted(request))
    if not form.is_valid():
        return show_form(request, _PASSWORD, form)
    try:
        changes.spend(request, account)
        given, from_ = form.cleaned_data, cookies.client_of(request).address
        signs_out = given["signs_out"]
        changed = password_resets.change(
            account, given["password"], signs_out=signs_out, address=from_
        )
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _PASSWORD, form, status_of(refusal))
    response = changes.saved(request, "security")
    if signs_out:
        cookies.begin(request, response, changed)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@with_fresh_proof
def oauth_only(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/oauth-only`: whether apps sign in by OAuth alone."""
    form = HostForm(host_of(request), posted(request))
    shown = {"account": account}
    if not form.is_valid():
        return show_form(request, _OAUTH_ONLY, form, shown=shown)
    try:
        changes.spend(request, account)
        signed_in_apps.set_oauth_only(account, is_on="on" in request.POST)
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _OAUTH_ONLY, form, status_of(refusal), shown)
    return changes.saved(request, "security")


@contributions.has_rows(20)
def home_row(request: HttpRequest, account: Account) -> Iterator[Row]:
    """Of the home page."""
    yield Row(_("Password"), _password_set(account), _("Security"), address(request, "security"))


@contributions.has_rows(20, SECURITY)
def password_row(request: HttpRequest, account: Account) -> Iterator[Row]:
    """The first of the page."""
    yield Row(_("Password"), _password_set(account), _("Change"), address(request, "password"))


@contributions.has_rows(30, SECURITY)
def session_rows(request: HttpRequest, account: Account) -> Iterator[Row]:
    """Who is signed in, who was, and how apps may."""
    lists = (web_sessions, signed_in_apps, devices_of_apps)
    number = sum(len(each.of_account(account)) for each in lists)
    count = ngettext("%d device", "%d devices", number) % number
    yield Row(_("Devices and sessions"), count, _("Look through"), address(request, "devices"))
    last = sign_in_alerts.last_of(account)
    when = date_format(last.at, "Y-m-d H:i") + " UTC" if last is not None else _("none yet")
    yield Row(_("Last sign-in"), when, _("See all"), address(request, "history"))
    ways = _("by OAuth only") if account.is_oauth_only else _("by OAuth or with a password")
    yield Row(_("Apps sign in"), ways, _("Change"), address(request, "oauth_only"))


def _password_set(account: Account) -> str:
    """When the password was changed last, if that is known."""
    kinds = (security_changes.PASSWORD_CHANGED, password_resets.PASSWORD_RESET)
    at = security_changes.last_of(account, *kinds)
    return _("changed on %s") % date_format(at, "Y-m-d") if at else _("set")
