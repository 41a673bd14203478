"""Middleware of pages alone: what programs call needs no cookies, sessions or forms."""

from collections.abc import Callable
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from hosting.tenancy import busy
from hosting.tenancy.routing import PLATFORM_PATHS, GetResponse
from server.database import connection
from server.web import bad_requests

logger = structlog.stdlib.get_logger(__name__)

# For programs, of any origin (hosting.pages.cors): they know no cookies
PROGRAM_PATHS = (
    "/xrpc/",
    "/.well-known/",
    "/api/",
    "/oauth/jwks",
    "/oauth/client-metadata.json",
    "/oauth/par",
    "/oauth/token",
    "/oauth/revoke",
    "/tls-check",  # under names that are no host's, too, where a page would be in nobody's name
)
UPLOADS = "/upload"  # how the address ends to which a page sends files (server.web.file_forms)


class PageMiddleware:
    """Applies settings.PAGE_MIDDLEWARE to pages only: XRPC and the well-known documents know no
    cookies, and sessions, CSRF and messages would cost a hot read a third of its time."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.pages = get_response
        self.view_hooks: list[Callable[..., HttpResponseBase | None]] = []
        for name in reversed(settings.PAGE_MIDDLEWARE):
            layer = import_string(name)(self.pages)
            if hook := getattr(layer, "process_view", None):
                self.view_hooks.insert(0, hook)
            self.pages = cast("GetResponse", convert_exception_to_response(layer))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_for_programs(request.path_info):
            return busy.plain() if busy.is_too_much(request) else self.get_response(request)
        has_file = request.path_info.endswith(UPLOADS)
        return bad_requests.refusal(request, has_file=has_file) or self.pages(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Django asks only the outermost middleware; CSRF protection does its work here."""
        if _is_for_programs(request.path_info):
            return None
        for hook in self.view_hooks:
            response = hook(request, view, args, kwargs)
            if response is not None:
                return response
        return None

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """A form's or an address's value that Postgres can not hold is no fault of ours, nor is a
        crowd."""
        if crowded := busy.refusal_in(exception):
            return busy.page(request, crowded)
        refusal = connection.unstorable_value(exception)
        if refusal is None:
            return None
        logger.warning("a value cannot be stored", request=request, reason=refusal.message)
        return bad_requests.refused(400, f"{refusal.message}.")


def _is_for_programs(path: str) -> bool:
    return path.startswith(PROGRAM_PATHS) or path in PLATFORM_PATHS
