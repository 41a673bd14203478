"""Actions of console pages: a form checks, a verb acts, and one sentence tells how it went."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest

from protocol.errors import XrpcError

Given = dict[str, Any]  # what a form has checked, by field


def act_on(request: HttpRequest, form: Form, verb: Callable[[Given], str]) -> bool:
    """Act on what the form has checked; `verb` gives the sentence of success. Refusals of the form
    and of the verb are shown on the page that comes next. Whether it was done."""
    if not form.is_valid():
        for field, said in form.errors.items():
            label = form.fields[field].label if field in form.fields else ""
            messages.error(request, f"{label}: {said[0]}" if label else str(said[0]))
        return False
    try:
        messages.success(request, verb(form.cleaned_data))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return False
    return True
