"""Forms of the console: they check, the verbs act."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from moderation.audit import REASON_MAX_CHARS


class LookUpForm(forms.Form):
    """One field for everything a report may contain."""

    q = forms.CharField(
        label=_("Handle, DID or at-URI"),
        max_length=8192,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "alice.example.com", "autocapitalize": "none", "autofocus": True}
        ),
    )


class ReasonForm(forms.Form):
    """Every action carries a reason."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_CHARS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Goes into the audit log with your name. The account holder does not see it."),
    )
