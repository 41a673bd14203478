"""Forms of the console: they check, the verbs act."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models.oauth import CLIENT_ID_MAX_CHARS
from hosting.models import Host
from moderation.audit import REASON_MAX_CHARS
from moderation.labels.changes import VALUE_MAX_CHARS
from moderation.staff.sign_up_review import Admission
from server.database import row_numbers

_SIGN_UPS_MAX = 1_000_000
_INVITE_DAYS_MAX = 3_650
_TICKED_MAX = 50


class LookUpForm(forms.Form):
    """One field for everything a report may contain."""

    q = forms.CharField(
        label=_("Handle, DID, e-mail address or at-URI"),
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
        error_messages={"required": _("Give a reason: it goes into the audit log.")},
        help_text=_("Goes into the audit log with your name. The account holder does not see it."),
    )


class AppForm(ReasonForm):
    """A decision about an app."""

    field_order = ("client_id", "reason")
    client_id = forms.CharField(
        label=_("Client ID"),
        max_length=CLIENT_ID_MAX_CHARS,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "https://app.example.com/client-metadata.json"}
        ),
    )


class _Ticked(forms.Field):
    """The rows that were ticked, by number."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        """What is no number of a row names none."""
        read = map(row_numbers.read, (value or [])[:_TICKED_MAX])
        return [number for number in read if number is not None]


class DiscardForm(ReasonForm):
    """What cannot be undone is asked for twice."""

    is_sure = forms.BooleanField(
        label=_("Remove it for good"),
        error_messages={"required": _("Tick this box to confirm.")},
    )


class DiscardSignUpsForm(ReasonForm):
    """Many sign-ups at once."""

    held = _Ticked(required=False)


class AdmissionForm(forms.Form):
    """Who may sign up at a host."""

    policy = forms.ChoiceField(label=_("Who may sign up"), choices=Host.Admission.choices)
    sign_up_limit_count = forms.IntegerField(
        label=_("Sign-ups in ten minutes"),
        required=False,
        min_value=1,
        max_value=_SIGN_UPS_MAX,
        help_text=_("More are held until your staff reopen. Empty: no limit."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    invite_interval_days = forms.IntegerField(
        label=_("Days for an invite code"),
        required=False,
        min_value=1,
        max_value=_INVITE_DAYS_MAX,
        help_text=_("How long an account waits for each code it may give away. Empty: none."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_MAX_CHARS, widget=UnfoldAdminTextInputWidget()
    )

    @classmethod
    def of(cls, host: Host) -> "AdmissionForm":
        """Filled in as the host is."""
        interval = host.invite_interval
        return cls(
            initial={
                "policy": host.admission,
                "sign_up_limit_count": host.sign_up_limit_count,
                "invite_interval_days": interval.days if interval else None,
            }
        )

    @property
    def wanted(self) -> Admission:
        """What was chosen, once the form is valid."""
        given = self.cleaned_data
        days = given["invite_interval_days"]
        return Admission(
            policy=given["policy"],
            sign_up_limit_count=given["sign_up_limit_count"],
            invite_interval=timedelta(days=days) if days else None,
            reason=given["reason"],
        )


class LabelForm(ReasonForm):
    """A label to put on an account or a record."""

    field_order = ["val", "days", "reason"]
    val = forms.RegexField(
        r"^!?[a-z][a-z-]*$",
        label=_("Label"),
        max_length=VALUE_MAX_CHARS,
        error_messages={"invalid": _("Use small letters and hyphens only.")},
        widget=UnfoldAdminTextInputWidget(attrs={"list": "label-values", "autocapitalize": "none"}),
    )
    days = forms.IntegerField(
        label=_("Days until it ends"),
        required=False,
        min_value=1,
        max_value=3_650,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )

    @property
    def expires_at(self) -> datetime | None:
        """When the label ends, once the form is valid."""
        days = self.cleaned_data["days"]
        return datetime.now(UTC) + timedelta(days=days) if days else None


class NegationForm(ReasonForm):
    """A label to take back."""

    val = forms.CharField(max_length=VALUE_MAX_CHARS)
