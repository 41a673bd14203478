"""The OpenAPI document of the API, and a page that shows it to people."""

from functools import cache
from importlib import import_module
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from hosting.pages.security_headers import SecurityHeaders

URLS = "provider.api.urls"
AT = "/api/v1"


@require_safe
@cache_control(public=True, max_age=300)
def schema(_request: HttpRequest) -> HttpResponse:
    """`/api/v1/schema`: OpenAPI 3.1, for whoever makes a client."""
    return JsonResponse(document())


@require_safe
@cache_control(public=True, max_age=300)
def readable(request: HttpRequest) -> HttpResponse:
    """`/api/v1/docs`: each call in a line of words, with what it needs and answers."""
    shown = {"document": document(), "calls": calls()}
    page = SecurityHeaders(lambda asked: render(asked, "provider/api.html", shown))
    return cast("HttpResponse", page(request))


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    # Loaded when somebody asks for it: a start has better things to do for a tenth of a second
    generator: Any = import_module("drf_spectacular.generators").SchemaGenerator
    found: dict[str, Any] = generator(urlconf=URLS).get_schema(public=True)
    found["paths"] = {f"{AT}{address}": each for address, each in found["paths"].items()}
    return found


@cache
def calls() -> list[dict[str, Any]]:
    """The document's calls, for the page."""
    return [
        {"method": method.upper(), "address": address, **operation}
        for address, operations in document()["paths"].items()
        for method, operation in operations.items()
    ]
