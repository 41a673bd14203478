"""Errors of a form: a verb's refusal beside its field, and the focus at the first that is wrong."""

from django.forms import BaseForm

from protocol.errors import XrpcError


def refuse(form: BaseForm, refusal: XrpcError, beside: str | None = None) -> None:
    """Show a verb's refusal at the field that it is about; where the form has none such, at
    `beside`, or above all fields."""
    form.add_error(refusal.field if refusal.field in form.fields else beside, refusal.for_page())


def focus_on_first_error(form: BaseForm) -> None:
    """Have the browser begin at the first field with an error, and at no other; an error of the
    whole form takes the focus where a template shows it. Nothing changes without errors."""
    visible = [name for name, field in form.fields.items() if not field.widget.is_hidden]
    wrong = [name for name in visible if name in form.errors]
    if not (wrong or form.non_field_errors()):
        return
    first = None if form.non_field_errors() else wrong[0]
    for name, field in form.fields.items():
        field.widget.attrs.pop("autofocus", None)
        if name == first:
            field.widget.attrs["autofocus"] = True
