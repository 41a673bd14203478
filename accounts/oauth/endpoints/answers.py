"""Answers of the OAuth endpoints: JSON that nobody stores, errors by their names, CORS, nonces.

Source: RFC 6749 section 5.2, RFC 9449 section 8. Every answer carries the next DPoP nonce, and any
website's script may read it: what authorizes a request is a key, never a cookie.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import orjson
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.oauth.dpop import nonces
from accounts.oauth.errors import OAuthError, challenge
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from server.web import faults

JSON = "application/json; charset=utf-8"
Endpoint = Callable[[WSGIRequest], Mapping[str, Any] | None]


def endpoint(status: int = 200) -> Callable[[Endpoint], Callable[[HttpRequest], HttpResponse]]:
    """A view that answers POST alone: what the function returns, with `status`, or the error that
    it raises."""

    def wrap(answer: Endpoint) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(answer)
        def view(request: HttpRequest) -> HttpResponse:
            assert isinstance(request, WSGIRequest)  # noqa: S101 - the only handler there is
            response = _of(request, answer, status)
            response["DPoP-Nonce"] = nonces.current(host_of(request))
            response["Cache-Control"] = "no-store"
            response["Pragma"] = "no-cache"
            return response

        return view

    return wrap


def document(value: Mapping[str, Any], max_age_s: int = 0) -> HttpResponse:
    """A public document, which may be kept for some seconds."""
    response = HttpResponse(orjson.dumps(value), content_type=JSON)
    response["Cache-Control"] = f"max-age={max_age_s}" if max_age_s else "no-cache"
    return response


def _of(request: WSGIRequest, answer: Endpoint, status: int) -> HttpResponse:
    if request.method != "POST":
        response = _error("invalid_request", "Only POST is answered here", 405)
        response["Allow"] = "POST"
        return response
    try:
        body = answer(request)
    except XrpcError as refusal:
        return _refused(refusal)
    except Exception as error:  # noqa: BLE001 - nothing of our inside may show outside
        return _refused(faults.refusal_of(request, error))
    return HttpResponse(orjson.dumps(body or {}), content_type=JSON, status=status)


def _refused(refusal: XrpcError) -> HttpResponse:
    name = refusal.name if isinstance(refusal, OAuthError) else _NAMES.get(refusal.name, "")
    response = _error(name or "invalid_request", refusal.message, refusal.status)
    if isinstance(refusal, OAuthError) and refusal.status == 401:
        response["WWW-Authenticate"] = challenge(refusal)
    for header, value in refusal.headers.items():
        response[header] = value
    return response


_NAMES = {
    "RateLimitExceeded": "slow_down",
    "ServiceUnavailable": "temporarily_unavailable",
    "InternalServerError": "server_error",
}


def _error(name: str, message: str, status: int) -> HttpResponse:
    body = {"error": name, "error_description": message}
    return HttpResponse(orjson.dumps(body), content_type=JSON, status=status)
