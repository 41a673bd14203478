"""Forms about labels: they check, the verbs of moderation.labels act."""

from typing import Any, Final

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.signup.rules import SignUp
from moderation.console.forms import LabelForm
from moderation.labels.changes import URI_MAX_CHARS, VALUE_MAX_CHARS
from moderation.labels.declarations import GLOBAL_VALUES, LOCALES_MAX
from moderation.labels.hiding import VALUES
from protocol.syntax import is_language, is_nsid

_LINES_MAX_CHARS: Final = 20_000
_ALL, _NONE, _THESE = "all", "none", "these"


class OpenForm(forms.Form):
    """A new account, for the labeler alone."""

    handle = forms.CharField(
        label=_("Handle"),
        max_length=253,
        widget=UnfoldAdminTextInputWidget(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=512,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    @property
    def wanted(self) -> SignUp:
        """What was asked for, once the form is valid."""
        given = self.cleaned_data
        return SignUp(given["handle"], given["email"], given["password"])


class TakeForm(forms.Form):
    """An account that is there."""

    account = forms.CharField(
        label=_("Handle or DID"),
        max_length=2048,
        widget=UnfoldAdminTextInputWidget(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )


class CodeForm(forms.Form):
    """What the account's owner was mailed; an account that was opened for this has none."""

    code = forms.CharField(
        label=_("Code from the e-mail"),
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )


class HidingForm(forms.Form):
    """System labels that also take down."""

    hides = forms.MultipleChoiceField(
        label=_("Labels that also take down"),
        required=False,
        choices=[(value, value) for value in VALUES],
        widget=forms.CheckboxSelectMultiple,
    )


class ValueForm(forms.Form):
    """One value that the labeler defines. Source: com.atproto.label.defs#labelValueDefinition."""

    identifier = forms.RegexField(
        r"^[a-z][a-z-]*$",
        label=_("Name of the label"),
        max_length=VALUE_MAX_CHARS,
        help_text=_("Small letters and hyphens, for programs. Give it titles below."),
        error_messages={"invalid": _("Use small letters and hyphens only.")},
        widget=UnfoldAdminTextInputWidget(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    severity = forms.ChoiceField(
        label=_("How it is shown"),
        choices=[
            ("inform", _("as information")),
            ("alert", _("as a warning")),
            ("none", _("not at all")),
        ],
    )
    blurs = forms.ChoiceField(
        label=_("What it covers"),
        choices=[
            ("none", _("nothing")),
            ("media", _("pictures and videos")),
            ("content", _("everything")),
        ],
    )
    default_setting = forms.ChoiceField(
        label=_("For those who have chosen nothing"),
        choices=[("warn", _("warn")), ("hide", _("hide")), ("ignore", _("ignore"))],
    )
    adult_only = forms.BooleanField(label=_("For adults only"), required=False)


class LocaleForm(forms.Form):
    """A value's title and meaning in one language."""

    lang = forms.CharField(
        label=_("Language code"),
        max_length=64,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "en", "autocapitalize": "none"}),
    )
    name = forms.CharField(
        label=_("Title"), max_length=64, required=False, widget=UnfoldAdminTextInputWidget()
    )
    description = forms.CharField(
        label=_("Meaning"),
        max_length=10_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        given = dict(super().clean() or {})
        filled = [name for name in ("lang", "name", "description") if given.get(name)]
        if filled and len(filled) < len(self.fields):
            raise forms.ValidationError(_("Fill in language, title and meaning, or none of them."))
        if given.get("lang") and not is_language(given["lang"]):
            self.add_error("lang", _("Enter a language code such as en or pt-BR."))
        return given


class _AtLeastOne(BaseFormSet):  # type: ignore[type-arg] # no generic at run time
    """Titles in one language at least."""

    def clean(self) -> None:
        if not any(self.errors) and not filled_in(self):
            raise forms.ValidationError(_("Give a title and a meaning in one language at least."))


def filled_in(locales: "BaseFormSet[Any]") -> list[dict[str, str]]:
    """The languages that were filled in, once the forms are valid."""
    return [form.cleaned_data for form in locales.forms if form.cleaned_data.get("lang")]


LocaleForms = formset_factory(
    LocaleForm, formset=_AtLeastOne, extra=2, max_num=LOCALES_MAX, absolute_max=LOCALES_MAX
)


class ScopeForm(forms.Form):
    """Which global labels are used, and which reports are taken."""

    global_values = forms.MultipleChoiceField(
        label=_("Labels that every app knows"),
        required=False,
        choices=[(value, value) for value in GLOBAL_VALUES],
        widget=forms.CheckboxSelectMultiple,
    )
    reasons = forms.ChoiceField(
        label=_("Kinds of report"),
        choices=[(_ALL, _("all")), (_NONE, _("none")), (_THESE, _("these, one a line:"))],
    )
    reason_list = forms.CharField(
        label=_("Kinds, one a line"),
        required=False,
        max_length=_LINES_MAX_CHARS,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "placeholder": "com.atproto.moderation.defs#reasonSpam"}
        ),
    )
    subjects = forms.MultipleChoiceField(
        label=_("Reports about"),
        required=False,
        choices=[("account", _("accounts")), ("record", _("records")), ("chat", _("messages"))],
        widget=forms.CheckboxSelectMultiple,
    )
    collections = forms.ChoiceField(
        label=_("Kinds of record"),
        choices=[(_ALL, _("all")), (_NONE, _("none")), (_THESE, _("these, one a line:"))],
    )
    collection_list = forms.CharField(
        label=_("Collections, one a line"),
        required=False,
        max_length=_LINES_MAX_CHARS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "app.bsky.feed.post"}),
    )

    @classmethod
    def of(cls, declaration: dict[str, Any], values: list[str]) -> "ScopeForm":
        """Filled in as the declaration is."""
        reasons, collections = declaration.get("reasonTypes"), declaration.get("subjectCollections")
        subjects = declaration.get("subjectTypes")
        every = [value for value, _label in cls.base_fields["subjects"].choices]  # type: ignore[attr-defined]
        return cls(
            initial={
                "global_values": [value for value in values if value in GLOBAL_VALUES],
                "reasons": _choice(reasons),
                "reason_list": "\n".join(reasons or []),
                "subjects": every if subjects is None else subjects,
                "collections": _choice(collections),
                "collection_list": "\n".join(collections or []),
            }
        )

    def clean_collection_list(self) -> str:
        text: str = self.cleaned_data["collection_list"]
        if not all(is_nsid(line) for line in text.split()):
            raise forms.ValidationError(_("Enter names of collections, one a line."))
        return text

    @property
    def restrictions(self) -> dict[str, list[str] | None]:
        """As `declarations.change` takes them."""
        given = self.cleaned_data
        every = len(self.fields["subjects"].choices)  # type: ignore[attr-defined]
        subjects = given["subjects"]
        return {
            "reasonTypes": _accepted(given["reasons"], given["reason_list"]),
            "subjectTypes": None if len(subjects) == every else subjects,
            "subjectCollections": _accepted(given["collections"], given["collection_list"]),
        }


class SubjectForm(LabelForm):
    """A label to put on, or to take off, anything on the network."""

    field_order = ["uri", "val", "days", "reason"]
    uri = forms.CharField(
        label=_("DID or at-URI"),
        max_length=URI_MAX_CHARS,
        widget=UnfoldAdminTextInputWidget(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )


def _choice(accepted: list[str] | None) -> str:
    if accepted is None:
        return _ALL
    return _THESE if accepted else _NONE


def _accepted(choice: str, lines: str) -> list[str] | None:
    if choice == _ALL:
        return None
    return lines.split() if choice == _THESE else []
