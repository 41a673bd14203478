"""Signing up for an app: the sign-up page, and then on with the app's request."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from accounts.oauth.errors import OAuthError
from accounts.oauth.requests.opened_requests import Opened
from accounts.pages.entry import sign_up as own_sign_up
from accounts.pages.oauth import way_back
from accounts.pages.oauth.requests import context, of_request
from accounts.pages.oauth.sign_in import signed_in


def page(request: HttpRequest, opened: Opened) -> HttpResponse:
    """The host's own sign-up page, with all that its admission policy asks for."""
    return own_sign_up.page(request, context(request, opened), partial(_welcome, request, opened))


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def sign_up(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-up`: a new account, which is asked for consent next."""
    return page(request, opened)


def _welcome(request: HttpRequest, opened: Opened, account: Account) -> HttpResponse:
    try:
        return signed_in(request, opened, account, is_remembered=False)
    except OAuthError as refusal:  # the account is there; the app's request is no more
        return way_back.refused(request, refusal)
