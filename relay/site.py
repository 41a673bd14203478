"""What answers under the relay's host name: its own routes and nothing of the hosts'.

Every answer names the relay in `Server`, so that no other relay crawls it by mistake; a crawler of
ours refuses hosts that do the same.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from relay.hosts import names
from server.version import VERSION

SERVER: Final = f"Grove/{VERSION} ({names.RELAY})"
URLS: Final = "relay.urls"
BANNER: Final = """\
This is an AT Protocol relay.

Most API routes are under /xrpc/
"""


def answer(request: HttpRequest) -> HttpResponseBase:
    """The answer to a request under the relay's name (hosting.tenancy.routing)."""
    try:
        match = resolve(request.path_info, URLS)
    except Resolver404:
        body = {"error": "XRPCNotSupported", "message": "Not a route of this relay"}
        response: HttpResponseBase = JsonResponse(body, status=404)
    else:
        response = match.func(request, *match.args, **match.kwargs)
    response["Server"] = SERVER
    return response


def landing(_request: HttpRequest) -> HttpResponse:
    """`/`: a few lines of text."""
    return HttpResponse(BANNER, content_type="text/plain; charset=utf-8")


def health(_request: HttpRequest) -> JsonResponse:
    """`/xrpc/_health`."""
    return JsonResponse({"version": VERSION})
