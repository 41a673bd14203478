"""Cookies of a sign-in at a provider: what began, and who was proven (accounts.oauth.openid)."""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.models import OpenIdProvider
from accounts.oauth.openid import flows
from accounts.oauth.openid.flows import Proven
from hosting import limits
from hosting.limits import MINUTE_S, Budget, bucket
from hosting.pages import host_cookies
from hosting.tenancy.routing import host_of

_BEGAN: Final = "grove-openid"
_PROVEN: Final = "grove-openid-person"
_LASTS: Final = timedelta(seconds=flows.LASTS_S)
BEGUN: Final = bucket("openid-sign-ins", Budget(60, 5 * MINUTE_S))  # each may have a server asked


def go(
    request: HttpRequest, provider: OpenIdProvider, what: str, to: str, *, is_anew: bool = False
) -> HttpResponseRedirect:
    """To the provider; `to` is the page that takes the answer. Raises as `flows.begin`, and
    RateLimitExceeded."""
    host = host_of(request)
    limits.attempt(request, BEGUN, host)
    started = flows.begin(host, provider, what, to, is_anew=is_anew)
    response = HttpResponseRedirect(started.url)
    host_cookies.keep(request, response, _BEGAN, started.cookie, _LASTS)
    return response


def finish(request: HttpRequest, provider_id: int) -> HttpResponseRedirect:
    """Back at a provider's address, on to the page that takes the answer. Raises as
    `flows.finish`."""
    began = host_cookies.read(request, _BEGAN)
    to, proof = flows.finish(host_of(request), provider_id, began, request.GET)
    response = HttpResponseRedirect(to)
    host_cookies.keep(request, response, _PROVEN, proof, _LASTS)
    host_cookies.keep(request, response, _BEGAN, "", timedelta(0))
    return response


def asked_for(request: HttpRequest) -> str:
    """What a sign-in that began in this browser was for; empty for none."""
    return flows.asked_for(host_of(request), host_cookies.read(request, _BEGAN))


def proven(request: HttpRequest, what: str) -> Proven:
    """Who was proven in this browser, for this. Raises SignInLost."""
    return flows.proven(host_of(request), what, host_cookies.read(request, _PROVEN))


def used(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response, which ends the proof."""
    host_cookies.keep(request, response, _PROVEN, "", timedelta(0))
    return response
