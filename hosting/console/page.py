"""A page of the console: a template in the site's frame."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from hosting.console.site import console


def render_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """The answer; `context` has a `title`."""
    request.current_app = console.name
    shown = {**console.each_context(request), **context}
    return TemplateResponse(request, template, shown, status=status)
