"""A page of the console: a template in the site's frame, with its form as it was sent."""

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest
from django.template.response import TemplateResponse

from hosting.console.site import console
from hosting.pages.form_errors import focus_on_first_error


def render_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], status: int | None = None
) -> TemplateResponse:
    """The answer; `context` has a `title`, and `form` when there is one to fill in. A form with
    errors has the focus at the first, and makes the status 422 unless told otherwise."""
    form = context.get("form")
    is_refused = isinstance(form, BaseForm) and bool(form.errors)
    if isinstance(form, BaseForm):
        focus_on_first_error(form)
    request.current_app = console.name
    shown = {**console.each_context(request), **context}
    return TemplateResponse(request, template, shown, status=status or (422 if is_refused else 200))
