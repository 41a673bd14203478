"""Cookies of the account pages: for no script, for this host only, over TLS if the host has it.

Several people may be signed in in one browser: the cookie holds a token for each, the latest first.

One name for every host: a browser keeps them apart by host name, and `web_sessions` accepts
a cookie at its account's own host only. Over https the name begins with `__Host-`, which browsers
take from this very host alone: a site beside it under the same domain cannot plant one.
"""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware import csrf
from django.shortcuts import redirect

from accounts.authentication import sign_in_alerts, web_sessions
from accounts.authentication.sign_in_alerts import Client, Way
from accounts.lifecycle import planned_deletion
from accounts.models import Account, WebSession
from hosting.tenancy.routing import host_of

COOKIE = "grove-account"
ACCOUNTS_MAX: Final = 10  # signed in in one browser; the eldest goes
_BETWEEN: Final = "."  # tokens are base64url


def sessions_of(request: HttpRequest) -> list[WebSession]:
    """The sessions of who is signed in in this browser, the latest first."""
    return web_sessions.find(host_of(request), _tokens(request))


def account_of(request: HttpRequest) -> Account | None:
    """Who signed in last, if anybody is signed in."""
    here = sessions_of(request)
    return here[0].account if here else None


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


def signed_in(
    request: HttpRequest, account: Account, way: Way = Way.PASSWORD
) -> HttpResponseRedirect:
    """Sign in under a fresh token, beside whoever else is, and go to the account's page. It calls a
    planned deletion off."""
    response = redirect("accounts:home")
    begin(request, response, account)
    planned_deletion.call_off(account)
    client = client_of(request)
    sign_in_alerts.note(account, client.address, client.agent, way)
    return response


def client_of(request: HttpRequest) -> Client:
    """The browser that asks."""
    return Client(request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", ""))


def begin(request: HttpRequest, response: HttpResponse, account: Account) -> None:
    """Begin a session in this browser, in the place of one that the account has here. Forms of
    before were shown to somebody else, perhaps, and count no more."""
    token = web_sessions.begin(account, client_of(request))
    tokens = [token]
    names = {web_sessions.hash_of(each): each for each in _tokens(request)}
    for session in sessions_of(request):
        if session.account_id == account.pk:
            web_sessions.end(host_of(request), names[session.pk])
        else:
            tokens.append(names[session.pk])
    _keep_tokens(request, response, tokens[:ACCOUNTS_MAX])
    csrf.rotate_token(request)


def signed_out(request: HttpRequest, who: str = "") -> HttpResponseRedirect:
    """End the session of an account by its handle or DID, or all sessions of the browser, in the
    table first, and go on with who is left, or to the sign-in page."""
    names = {web_sessions.hash_of(each): each for each in _tokens(request)}
    left = []
    for session in sessions_of(request):
        if who and who not in (session.account.handle, session.account.did):
            left.append(names[session.pk])
        else:
            web_sessions.end(host_of(request), names[session.pk])
    response = redirect("accounts:home" if left else "accounts:sign_in")
    _keep_tokens(request, response, left)
    return response


def _tokens(request: HttpRequest) -> list[str]:
    return read(request, COOKIE).split(_BETWEEN)[:ACCOUNTS_MAX]


def _keep_tokens(request: HttpRequest, response: HttpResponse, tokens: list[str]) -> None:
    lasts = web_sessions.EXPIRES_AFTER if tokens else timedelta(0)
    keep(request, response, COOKIE, _BETWEEN.join(tokens), lasts)


def _is_https(request: HttpRequest) -> bool:
    return host_of(request).origin.startswith("https://")
