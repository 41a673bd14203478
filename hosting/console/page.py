"""A page of the console: a template in the site's frame, and where its form begins."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.response import TemplateResponse

from hosting.console.site import console


def render_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200
) -> TemplateResponse:
    """The answer; `context` has a `title`."""
    request.current_app = console.name
    shown = {**console.each_context(request), **context}
    return TemplateResponse(request, template, shown, status=status)


def focus_on_first_error(form: forms.BaseForm) -> None:
    """Have the browser begin at the first field with an error."""
    for name in [name for name in form.fields if name in form.errors][:1]:
        form.fields[name].widget.attrs["autofocus"] = True
