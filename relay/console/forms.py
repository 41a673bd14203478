"""Forms of the relay's pages."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from moderation.console.forms import ReasonForm
from protocol import syntax

LIMIT_MAX = 100_000_000


class LimitForm(ReasonForm):
    """How many accounts a host may have."""

    field_order = ("limit", "reason")
    limit = forms.IntegerField(
        label=gettext_lazy("Account limit"), min_value=0, max_value=LIMIT_MAX
    )


class DomainForm(ReasonForm):
    """A domain that is not read, or is read again."""

    field_order = ("domain", "reason")
    domain = forms.CharField(
        label=gettext_lazy("Domain"),
        max_length=253,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_domain(self) -> str:
        name: str = self.cleaned_data["domain"].strip().lower().strip(".")
        if not syntax.is_handle(name):
            raise ValidationError(_("Enter a domain."))
        return name
