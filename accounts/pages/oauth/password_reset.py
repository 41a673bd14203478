"""A forgotten password on the way to an app: the host's own pages, then on with the request."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.oauth.requests.opened_requests import Opened
from accounts.pages.entry import password_reset
from accounts.pages.oauth.requests import context, of_request


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def ask(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/reset-password`: mail a code."""
    return password_reset.ask_page(request, context(request, opened))


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def enter(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/reset-password/code`: the code, and the new password."""
    return password_reset.enter_page(request, context(request, opened))


@require_safe
@of_request
def done(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/reset-password/done`: now sign in with it."""
    return password_reset.done_page(request, context(request, opened))
