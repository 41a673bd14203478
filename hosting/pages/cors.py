"""CORS: any website's scripts may use XRPC, the OAuth endpoints and the well-known documents.

Source: https://fetch.spec.whatwg.org/#http-cors-protocol, without the credentials mode: tokens
travel in a header that the script sets itself, never in a cookie. Outermost of all middleware,
because a browser must be able to read every refusal, be it an unknown host's or a fault's. Account
pages and the console stay closed.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from hosting.tenancy.page_middleware import PROGRAM_PATHS

GetResponse = Callable[[HttpRequest], HttpResponseBase]

EXPOSED_HEADERS = (
    "DPoP-Nonce, WWW-Authenticate, atproto-repo-rev, atproto-content-labelers, Retry-After, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy"
)
OPEN_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED_HEADERS,
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
    "Access-Control-Max-Age": "86400",
}


class CorsMiddleware:
    """Answers preflights and opens every other answer under PROGRAM_PATHS to any origin."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PROGRAM_PATHS):
            return self.get_response(request)
        is_preflight = request.method == "OPTIONS"
        response = _preflight(request) if is_preflight else self.get_response(request)
        for name, value in OPEN_HEADERS.items():
            response[name] = value
        return response


def _preflight(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=204, headers=dict(_PREFLIGHT))
    del response["Content-Type"]
    asked = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
    if asked:
        response["Access-Control-Allow-Headers"] = asked
        response["Vary"] = "Access-Control-Request-Headers"
    return response
