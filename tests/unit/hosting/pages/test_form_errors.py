"""Where a refusal stands in a form, and where the focus is then."""

import pytest
from django import forms

from hosting.pages.form_errors import focus_on_first_error, refuse
from protocol.errors import XrpcError


class Form(forms.Form):
    """Two fields; the browser begins at the first unless something is wrong."""

    name = forms.CharField(widget=forms.TextInput(attrs={"autofocus": True}))
    place = forms.CharField()


def refusal(field: str) -> XrpcError:
    refused = XrpcError("Not there.")
    refused.field = field
    return refused


def focused(form: Form) -> list[str]:
    focus_on_first_error(form)
    return [name for name, field in form.fields.items() if "autofocus" in field.widget.attrs]


def filled_in(**given: str) -> Form:
    form = Form({"name": "a", "place": "b", **given})
    form.is_valid()
    return form


@pytest.mark.parametrize(
    ("field", "beside", "at"),
    [("place", "name", "place"), ("other", "name", "name"), ("", None, "__all__")],
)
def test_a_refusal_stands_at_its_field_or_where_the_page_wants_it(field, beside, at):
    form = filled_in()
    refuse(form, refusal(field), beside)
    assert form.errors == {at: ["Not there."]}


def test_the_focus_is_at_the_first_field_that_is_wrong_and_nowhere_else():
    assert focused(filled_in(place="")) == ["place"]
    assert focused(filled_in(name="", place="")) == ["name"]


def test_an_error_of_the_whole_form_takes_the_focus_from_all_fields():
    form = filled_in(place="")
    refuse(form, refusal(""))
    assert focused(form) == []


def test_a_form_without_errors_begins_where_it_did():
    assert focused(filled_in()) == ["name"]
    assert focused(Form()) == ["name"]
