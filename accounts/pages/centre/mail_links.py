"""The pages behind links in e-mails: a change taken back, an address confirmed.

They take no sign-in: whoever changed something may have locked the owner out, and a link is often
opened in another browser. Opening one changes nothing, because mail programs do that by themselves.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import email_address, email_codes, security_changes
from accounts.authentication.email_codes import Purpose
from accounts.pages.answers import status_of
from hosting import limits
from hosting.limits import MINUTE_S, Budget, bucket
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_UNDO = "accounts/centre/undo.html"
_CONFIRM = "accounts/centre/confirm_by_link.html"
OPENED = bucket("mail-links", Budget(30, 5 * MINUTE_S))  # by network


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """`/account/undo/<token>`: what was changed, and a button that takes it back."""
    host = host_of(request)
    shown: dict[str, Any] = {"host": host}
    try:
        limits.attempt(request, OPENED, host)
        is_sent = request.method == "POST"
        act = security_changes.take_back if is_sent else security_changes.undoable
        change = act(host, token)
    except XrpcError as refusal:
        shown |= {"problem": refusal.for_page()}
        return render(request, _UNDO, shown, status=status_of(refusal))
    shown |= {"change": change, "title": security_changes.title_of(change), "is_done": is_sent}
    return render(request, _UNDO, shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    """`/account/confirm-address/<code>`: whose address it is, and a button that confirms it."""
    host = host_of(request)
    shown: dict[str, Any] = {"host": host, "is_done": request.method == "POST"}
    try:
        limits.attempt(request, OPENED, host)
        account = email_codes.owner_of(host, Purpose.CONFIRM_EMAIL, code)
        if shown["is_done"]:
            email_address.confirm(account, account.email, code)
    except XrpcError as refusal:
        shown |= {"problem": refusal.for_page()}
        return render(request, _CONFIRM, shown, status=status_of(refusal))
    return render(request, _CONFIRM, shown | {"account": account})
