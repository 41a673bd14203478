"""Where an account is signed in, who signed in lately, and what was changed."""

from contextlib import suppress
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import security_changes, sign_in_alerts, signed_in_apps, web_sessions
from accounts.models import Account
from accounts.oauth import devices as devices_of_apps
from accounts.pages.centre import changes
from accounts.pages.centre.signed_in import for_signed_in, visit_of
from hosting.tenancy.routing import host_of

_TEMPLATE = "accounts/centre/devices.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@changes.counted
def devices(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/devices`: all sessions, and an end to one or to all others. Takes no
    proof, because it gives nobody anything and may be urgent."""
    if request.method == "POST":
        _end(request, account)
        return changes.saved(request, "devices")
    shown = {
        "host": host_of(request),
        "account": account,
        "this": visit_of(request).own_session.pk,
        "browsers": web_sessions.of_account(account),
        "apps": signed_in_apps.of_account(account),
        "for_apps": devices_of_apps.of_account(account),
    }
    return render(request, _TEMPLATE, shown)


@never_cache
@require_safe
@for_signed_in
def history(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/history`: the last sign-ins, good and bad, and the last changes."""
    changed = [
        (change, security_changes.title_of(change))
        for change in security_changes.of_account(account)
    ]
    shown = {
        "host": host_of(request),
        "account": account,
        "sign_ins": sign_in_alerts.of_account(account),
        "changes": changed,
    }
    return render(request, "accounts/centre/history.html", shown)


def _end(request: HttpRequest, account: Account) -> None:
    """What the button said: one browser, one app, or all but this browser."""
    if "others" in request.POST:
        signed_in_apps.end_others(account, visit_of(request).own_session)
    elif browser := request.POST.get("browser"):
        web_sessions.end_of(account, browser)
    elif device := request.POST.get("device"):
        with suppress(ValueError):
            devices_of_apps.end_of(account, int(device[:18]))
    elif app := request.POST.get("app"):
        with suppress(ValueError):  # no button of ours
            signed_in_apps.end_lineage(account, UUID(app))
