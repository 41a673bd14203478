"""Cookies of the account pages: for no script, for this host only, over TLS if the host has it.

One name for every host: a browser keeps them apart by host name, and `web_sessions` accepts
a cookie at its account's own host only. Over https the name begins with `__Host-`, which browsers
take from this very host alone: a site beside it under the same domain cannot plant one.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from accounts.authentication import sign_in_alerts, web_sessions
from accounts.models import Account
from hosting.tenancy.routing import host_of

COOKIE = "grove-account"
Page = Callable[[HttpRequest], HttpResponse]


def account_of(request: HttpRequest) -> Account | None:
    """Who is signed in, if anybody."""
    token = read(request, COOKIE)
    return web_sessions.account_of(host_of(request), token) if token else None


def for_signed_in(page: Callable[[HttpRequest, Account], HttpResponse]) -> Page:
    """A page for who is signed in, and their account; everybody else is sent to sign in."""

    @wraps(page)
    def shown(request: HttpRequest) -> HttpResponse:
        account = account_of(request)
        return page(request, account) if account else redirect("accounts:sign_in")

    return shown


def cookie_name(request: HttpRequest, name: str = COOKIE) -> str:
    """A cookie's name at the host that was asked."""
    return f"__Host-{name}" if _is_https(request) else name


def read(request: HttpRequest, name: str) -> str:
    """A cookie's value; empty when it did not come."""
    return request.COOKIES.get(cookie_name(request, name), "")


def keep(
    request: HttpRequest, response: HttpResponse, name: str, value: str, max_age: timedelta
) -> None:
    """Have the browser keep a cookie. No time at all removes it."""
    # Browsers take no `__Host-` cookie that is not secure, not even its removal.
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=max_age,
        secure=_is_https(request),
        httponly=True,
        samesite="Lax",
    )


def signed_in(request: HttpRequest, account: Account) -> HttpResponseRedirect:
    """Sign in under a fresh token and go to the account's page. Raises `AccountTakedown`."""
    token = web_sessions.begin(account)
    sign_in_alerts.note(account, request.META.get("REMOTE_ADDR", ""))
    response = redirect("accounts:home")
    keep(request, response, COOKIE, token, web_sessions.EXPIRES_AFTER)
    return response


def signed_out(request: HttpRequest) -> HttpResponseRedirect:
    """End the session, in the table first, and go to the sign-in page."""
    if token := read(request, COOKIE):
        web_sessions.end(host_of(request), token)
    response = redirect("accounts:sign_in")
    keep(request, response, COOKIE, "", timedelta(0))
    return response


def _is_https(request: HttpRequest) -> bool:
    return host_of(request).origin.startswith("https://")
