"""The editor of a declaration: the labeler's values, and the reports that it takes."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hosting.console.page import render_page
from hosting.pages.form_errors import refuse
from moderation.console.actions import Given, act_on
from moderation.console.labels.forms import LocaleForms, ScopeForm, ValueForm, filled_in
from moderation.console.labels.wizard import PAGE, labeler_of
from moderation.console.views import staff_of
from moderation.labels import declarations
from moderation.models import Labeler
from protocol.errors import XrpcError


@require_http_methods(["GET", "HEAD", "POST"])
def value(request: HttpRequest, identifier: str = "") -> HttpResponse:
    """Define a value, or change its definition."""
    labeler = labeler_of(request)
    before = _definition(labeler, identifier) if identifier else {}
    form = ValueForm(request.POST or None, initial=_initial(before))
    # Beside what was sent the titles of before would only hide what was left as it is.
    kept = None if request.method == "POST" else before.get("locales")
    locales = LocaleForms(request.POST or None, initial=kept, prefix="locale")
    if request.method == "POST" and form.is_valid() and locales.is_valid():
        try:
            definition = _defined(form.cleaned_data, filled_in(locales))
            declarations.define(staff_of(request), labeler, definition, instead_of=identifier)
        except XrpcError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The label is saved."))
            return redirect(PAGE)
    context = {"locales": locales, "identifier": identifier}
    is_wrong = request.method == "POST"
    return _page(request, "label_value", identifier or _("New label"), form, context, is_wrong)


@require_POST
def remove_value(request: HttpRequest, identifier: str) -> HttpResponse:
    """Remove a value's definition. Labels that were put stay."""
    labeler = labeler_of(request)
    _definition(labeler, identifier)

    def verb(_given: Given) -> str:
        declarations.undefine(staff_of(request), labeler, identifier)
        return _("The label is removed. Where it was put it stays.")

    act_on(request, Form(request.POST), verb)
    return redirect(PAGE)


@require_http_methods(["GET", "HEAD", "POST"])
def scope(request: HttpRequest) -> HttpResponse:
    """Choose the labels that every app knows, and which reports are taken."""
    labeler = labeler_of(request)
    if request.method != "POST":
        form = ScopeForm.of(labeler.declaration, declarations.values(labeler))
        return _page(request, "label_reports", _("Reports to the labeler"), form, {}, False)
    form = ScopeForm(request.POST)
    if form.is_valid():
        try:
            wanted = form.cleaned_data["global_values"]
            declarations.change(staff_of(request), labeler, wanted, form.restrictions)
        except XrpcError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The choice is saved."))
            return redirect(PAGE)
    return _page(request, "label_reports", _("Reports to the labeler"), form, {}, True)


def _page(  # noqa: PLR0913, PLR0917 - a page has that many parts
    request: HttpRequest,
    template: str,
    title: str,
    form: Form,
    more: dict[str, Any],
    is_wrong: bool,
) -> HttpResponse:
    context = {"title": title, "form": form, **more}
    status = 400 if is_wrong else 200
    return render_page(request, f"moderation/{template}.html", context, status)


def _definition(labeler: Labeler, identifier: str) -> dict[str, Any]:
    for each in declarations.definitions(labeler):
        if each["identifier"] == identifier:
            return each
    raise Http404(_("There is no such label."))


def _initial(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "identifier": definition.get("identifier", ""),
        "severity": definition.get("severity", "inform"),
        "blurs": definition.get("blurs", "none"),
        "default_setting": definition.get("defaultSetting", "warn"),
        "adult_only": definition.get("adultOnly", False),
    }


def _defined(given: dict[str, Any], locales: list[dict[str, str]]) -> dict[str, Any]:
    """As the lexicon has it."""
    words = ("lang", "name", "description")
    return {
        "identifier": given["identifier"],
        "severity": given["severity"],
        "blurs": given["blurs"],
        "defaultSetting": given["default_setting"],
        "adultOnly": given["adult_only"],
        "locales": [{name: each[name] for name in words} for each in locales],
    }
