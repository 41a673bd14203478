"""The page behind the link of an e-mail about a change: taking it back.

It takes no sign-in: whoever changed it may have locked the owner out. Opening the link changes
nothing, because mail programs open links by themselves.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import security_changes
from accounts.pages.answers import status_of
from hosting import limits
from hosting.limits import MINUTE_S, Budget, bucket
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_TEMPLATE = "accounts/centre/undo.html"
UNDOING = bucket("undo-links", Budget(30, 5 * MINUTE_S))  # by network


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """`/account/undo/<token>`: what was changed, and a button that takes it back."""
    host = host_of(request)
    shown: dict[str, Any] = {"host": host}
    try:
        limits.attempt(request, UNDOING, host)
        is_sent = request.method == "POST"
        act = security_changes.take_back if is_sent else security_changes.undoable
        change = act(host, token)
    except XrpcError as refusal:
        shown |= {"problem": refusal.for_page()}
        return render(request, _TEMPLATE, shown, status=status_of(refusal))
    shown |= {"change": change, "title": security_changes.title_of(change), "is_done": is_sent}
    return render(request, _TEMPLATE, shown)
