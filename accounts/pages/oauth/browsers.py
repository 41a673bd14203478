"""The browser behind a request: a window and no frame, known by its device cookies.

Source: Fetch Metadata Request Headers (W3C). Browsers send them over https and to localhost; one
that sends none is taken for a window, because all that a frame could want is also forbidden by
`frame-ancestors`. Sign-in sheets on iOS (ASWebAuthenticationSession) sometimes lose what a page
sets: a person would type the password in vain, so they are asked to show one cookie first.
"""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.oauth import devices
from accounts.oauth.devices import Cookies, Seen
from accounts.oauth.errors import InvalidRequest
from hosting.pages import host_cookies
from hosting.tenancy.routing import host_of

NAME_COOKIE: Final = "grove-device"
PROOF_COOKIE: Final = "grove-device-proof"
TEST_COOKIE: Final = "grove-cookie-test"
TEST_FIELD: Final = "redirect-test"  # in the address: how often the cookie was asked for
_TESTED: Final = ("iPhone OS", "CPU OS")  # of iPhones and iPads, in their user agent
_TEST_LASTS: Final = timedelta(days=31)
_WINDOW: Final = {"HTTP_SEC_FETCH_MODE": "navigate", "HTTP_SEC_FETCH_DEST": "document"}


class WindowNeeded(InvalidRequest):
    """The person has to see the address, which a frame hides."""

    message = "This page opens in a window of its own only"
    page_text = _("This page opens in a window of its own only.")


class CookiesLost(Exception):
    """The browser was asked twice for a cookie and has none."""


def check_is_window(request: HttpRequest) -> None:
    """Refuse frames, scripts and pictures. Raises WindowNeeded."""
    for name, value in _WINDOW.items():
        if request.META.get(name, value) != value:
            raise WindowNeeded


def is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether another site, or another one under the same domain, sent the browser here."""
    return request.META.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none")


def known(request: HttpRequest) -> Seen | None:
    """The browser of the request's device cookies."""
    given = Cookies(
        host_cookies.read(request, NAME_COOKIE), host_cookies.read(request, PROOF_COOKIE)
    )
    if not given.name or not given.proof:
        return None
    return devices.find(host_of(request), given, _place(request))


def new(request: HttpRequest) -> Seen:
    """A browser that comes for the first time."""
    return devices.create(host_of(request), _place(request))


def keep(request: HttpRequest, response: HttpResponse, seen: Seen) -> None:
    """Give the browser the cookies that it needs by now."""
    if seen.cookies is not None:
        lasts = devices.FORGOTTEN_AFTER
        host_cookies.keep(request, response, NAME_COOKIE, seen.cookies.name, lasts)
        host_cookies.keep(request, response, PROOF_COOKIE, seen.cookies.proof, lasts)


def cookie_test(request: HttpRequest) -> HttpResponse | None:
    """What a browser that may lose cookies is shown before its request; None when it keeps them.
    Raises CookiesLost when it was shown both pages in vain."""
    if not any(each in request.headers.get("User-Agent", "") for each in _TESTED):
        return None
    if host_cookies.read(request, NAME_COOKIE) or host_cookies.read(request, TEST_COOKIE):
        return None
    asked = request.GET.get(TEST_FIELD, "")
    if asked not in ("", "1"):
        raise CookiesLost
    template = "cookies_lost" if asked else "cookie_test"
    query = {name: request.GET.get(name, "") for name in ("client_id", "request_uri")}
    # A link: a form may end at no app, and what comes next may be the way back to one.
    following = "?" + urlencode({**query, TEST_FIELD: "2" if asked else "1"})
    shown = {"host": host_of(request), "next": following}
    response = render(request, f"accounts/oauth/{template}.html", shown)
    host_cookies.keep(request, response, TEST_COOKIE, "1", _TEST_LASTS)
    return response


def _place(request: HttpRequest) -> str:
    return f"{request.META.get('REMOTE_ADDR', '')} {request.headers.get('User-Agent', '')}"
