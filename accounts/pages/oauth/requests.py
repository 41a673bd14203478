"""What all pages of a sign-in share: the browser, the request that it owns, and the way back.

A page gets the opened request and answers with a response or with a Redirect, which ends the
request and leads to the app.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from accounts.oauth import authorization
from accounts.oauth.errors import InvalidRequest, OAuthError
from accounts.oauth.requests import opened_requests
from accounts.oauth.requests.opened_requests import Opened, RequestExpired
from accounts.oauth.requests.redirects import Redirect
from accounts.pages import cookies
from accounts.pages.answers import LINKED
from accounts.pages.oauth import browsers, way_back
from hosting.pages import languages
from hosting.tenancy.routing import host_of

Page = Callable[[HttpRequest, Opened], HttpResponse | Redirect]
_OWN_PAGES: Final = ("authorize", "account", "activate", "consent", "refuse")


class RequestMissing(InvalidRequest):
    """The address names no request."""

    message = "The address has no pushed authorization request"
    page_text = _("The address of this page is incomplete.")


def of_request(page: Page, *, is_answer: bool = False) -> Callable[[HttpRequest], HttpResponse]:
    """A view for the request that the address names, for the browser that owns it. `is_answer`: of
    the form that may give the app its code."""

    @never_cache
    @wraps(page)
    def shown(request: HttpRequest) -> HttpResponse:
        try:
            browsers.check_is_window(request)
            test = browsers.cookie_test(request) if request.method == "GET" else None
            return test or _answered(request, page, is_answer=is_answer)
        except browsers.CookiesLost:
            return _answered(request, _cookies_lost)
        except RequestExpired as refusal:
            return way_back.expired(request, refusal)
        except OAuthError as refusal:
            return way_back.refused(request, refusal)

    return shown


def address(request: HttpRequest, name: str) -> str:
    """The address of another page (`oauth_sign_in`) about the same request."""
    query = {each: request.GET.get(each, "") for each in ("client_id", "request_uri")}
    return f"{reverse(f'accounts:{name}')}?{urlencode(query)}"


def show(
    request: HttpRequest, opened: Opened, template: str, status: int = 200, **shown: Any
) -> HttpResponse:
    """A page of the request."""
    known = context(request, opened) | shown
    return render(request, f"accounts/oauth/{template}.html", known, status=status)


def context(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    """What the templates know of a request."""
    pages = {name: address(request, f"oauth_{name}") for name in (*LINKED, *_OWN_PAGES)}
    return {"host": opened.host, "opened": opened, "client": opened.client, "pages": pages}


def _answered(request: HttpRequest, page: Page, *, is_answer: bool = False) -> HttpResponse:
    client_id, request_uri = request.GET.get("client_id", ""), request.GET.get("request_uri", "")
    if not client_id or not request_uri:
        raise RequestMissing
    with transaction.atomic():  # a browser that asks for nothing real leaves no row
        seen = browsers.known(request) or browsers.new(request)
        opened = opened_requests.open_request(
            host_of(request), seen.device, client_id, request_uri, is_answer=is_answer
        )
    if isinstance(opened, Redirect):
        is_by_form = request.method == "POST" and not is_answer
        response = (way_back.by_link if is_by_form else way_back.to_app)(request, opened)
    else:
        languages.follow_app(request, opened.language)
        opened = replace(opened, visitor=cookies.visitor_of(request))
        answer = page(request, opened)
        response = way_back.to_app(request, answer) if isinstance(answer, Redirect) else answer
    browsers.keep(request, response, seen)
    # An app that opened this page in a window of its own may see when it closes.
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


def _cookies_lost(_request: HttpRequest, opened: Opened) -> Redirect:
    return authorization.refuse(opened, "invalid_request", "ERR_COOKIES_UNSUPPORTED")
