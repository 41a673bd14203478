"""The cookie of the account pages: for no script, for this host only, over TLS if the host has it.

One cookie name for every host: a browser keeps them apart by host name, and `websessions` accepts a
cookie at its account's own host only.
"""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect

from accounts import places, websessions
from accounts.models import Account
from hosting.routing import host_of

COOKIE = "grove-account"


def account_of(request: HttpRequest) -> Account | None:
    """Who is signed in, if anybody."""
    token = request.COOKIES.get(COOKIE)
    return websessions.account_of(host_of(request), token) if token else None


def signed_in(request: HttpRequest, account: Account) -> HttpResponseRedirect:
    """Sign in under a fresh token and go to the account's page. Raises `AccountTakedown`."""
    token = websessions.begin(account)
    places.note(account, request.META.get("REMOTE_ADDR", ""))
    response = redirect("accounts:home")
    response.set_cookie(
        COOKIE,
        token,
        max_age=websessions.EXPIRES_AFTER,
        secure=host_of(request).origin.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )
    return response


def signed_out(request: HttpRequest) -> HttpResponseRedirect:
    """End the session, in the table first, and go to the sign-in page."""
    if token := request.COOKIES.get(COOKIE):
        websessions.end(host_of(request), token)
    response = redirect("accounts:sign_in")
    response.delete_cookie(COOKIE, samesite="Lax")
    return response
