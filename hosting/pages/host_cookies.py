"""Cookies of pages: for no script, for this host only, over TLS if the host has it.

One name for every host: a browser keeps them apart by host name. Over https the name begins with
`__Host-`, which browsers take from this very host alone: a site beside it under the same domain
cannot plant one.
"""

from datetime import timedelta

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hosting.tenancy.routing import host_of


def read(request: HttpRequest, name: str) -> str:
    """A cookie's value; empty when it did not come."""
    return request.COOKIES.get(_full_name(request, name), "")


def keep(
    request: HttpRequest, response: HttpResponseBase, name: str, value: str, max_age: timedelta
) -> None:
    """Have the browser keep a cookie. No time at all removes it."""
    # Browsers take no `__Host-` cookie that is not secure, not even its removal.
    response.set_cookie(
        _full_name(request, name),
        value,
        max_age=max_age,
        secure=_is_https(request),
        httponly=True,
        samesite="Lax",
    )


def _full_name(request: HttpRequest, name: str) -> str:
    return f"__Host-{name}" if _is_https(request) else name


def _is_https(request: HttpRequest) -> bool:
    return host_of(request).origin.startswith("https://")
