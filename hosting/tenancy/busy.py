"""The page for when more is asked than can be answered: 503, and when to come back.

The bridge (server.web.asgi_bridge) has it made for a page's request that would have queued too
long; so has a view that raises a refusal of that status.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from protocol.errors import XrpcError
from server.web import bad_requests
from server.web.faults import ServiceUnavailable
from server.web.wsgi_environ import IS_BUSY

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class BusyPage:
    """Answers what the bridge marked as too much; no view sees it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return page(request) if is_too_much(request) else self.get_response(request)


def is_too_much(request: HttpRequest) -> bool:
    """Whether the bridge wants this request refused."""
    return IS_BUSY in request.META


def refusal_in(error: Exception) -> XrpcError | None:
    """The refusal that says to come back, if the error is one."""
    return error if isinstance(error, XrpcError) and error.status == 503 else None


def page(request: HttpRequest, refusal: XrpcError | None = None) -> HttpResponse:
    """The page; a plain sentence where no host, or a handle's name alone, was asked for."""
    refusal = refusal or ServiceUnavailable()
    if getattr(request, "urlconf", None) is not None:
        response = plain(refusal)
    else:
        response = render(request, "busy.html", {"refusal": refusal.for_page()}, status=503)
    for name, value in refusal.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return response


def plain(refusal: XrpcError | None = None) -> HttpResponse:
    """The sentence for programs."""
    refusal = refusal or ServiceUnavailable()
    return bad_requests.refused(503, f"{refusal.message}.")
