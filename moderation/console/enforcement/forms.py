"""Forms of enforcement: they check, the verbs act."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from hosting.models import Tenant
from moderation.console.forms import ReasonForm
from moderation.enforcement import denied_blobs, notice_texts, notices, policies
from moderation.enforcement.actions import ACTIONS, Action, ActionInput
from moderation.enforcement.policies import Rule
from moderation.models import Policy
from protocol import cid

_DAYS_MAX = 3_650


class ActionForm(ReasonForm):
    """What an action is asked with: the fields that it needs, and for all of them a policy, words
    to the account holder, and whether to send them."""

    field_order = ("until", "network", "policy", "reason", "words", "is_told")
    until = forms.DateField(
        label=_("Until (the beginning of that day, UTC)"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )
    network = forms.CharField(
        label=_("Address range"),
        max_length=50,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "192.0.2.0/24"}),
    )
    policy = forms.ModelChoiceField(
        queryset=Policy.objects.none(),
        label=_("Policy"),
        required=False,
    )
    words = forms.CharField(
        label=_("To the account holder"),
        required=False,
        max_length=notices.WORDS_MAX_CHARS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Stands in the notice, below the text of the action and the policy."),
    )
    is_told = forms.BooleanField(label=_("Send a notice by e-mail"), required=False, initial=True)

    def __init__(self, action: Action, tenant: Tenant, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        policy: Any = self.fields["policy"]
        policy.queryset = policies.in_force(tenant)
        for name in ("until", "network"):
            if name not in action.needs:
                del self.fields[name]
        if not action.is_of_owner:
            for name in ("policy", "words", "is_told"):
                del self.fields[name]
        if "words" in action.needs:
            self.fields["words"].required = True
            del self.fields["is_told"]

    def clean_until(self) -> datetime:
        """The moment at which the day begins."""
        day: date = self.cleaned_data["until"]
        if day <= timezone.now().date():
            raise forms.ValidationError(_("Enter a day from tomorrow on, within five years."))
        return datetime.combine(day, time(), UTC)

    def asked(self, record: str = "", link: str = "") -> ActionInput:
        """What the verb gets, once the form is valid."""
        given = self.cleaned_data
        return ActionInput(
            reason=given["reason"],
            policy=given.get("policy"),
            until=given.get("until"),
            words=given.get("words", ""),
            network=given.get("network", ""),
            record=record,
            blob=cid.from_text(link) if link else b"",
            is_told=given.get("is_told", "words" in self.fields and "is_told" not in self.fields),
        )


class PolicyForm(forms.Form):
    """A policy of the tenant."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    public_text = forms.CharField(
        label=_("What people read"),
        max_length=5_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    severity = forms.ChoiceField(label=_("Severity"), choices=Policy.Severity.choices)
    default_action = forms.ChoiceField(
        label=_("Usual action"),
        choices=[(name, row.label) for name, row in ACTIONS.items() if row.is_of_owner],
    )
    strikes = forms.IntegerField(
        label=_("Strikes"),
        min_value=0,
        max_value=100,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    strike_days = forms.IntegerField(
        label=_("Days until they expire"),
        min_value=1,
        max_value=_DAYS_MAX,
        initial=90,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    suspends_at = forms.IntegerField(
        label=_("Strikes that suspend the account"),
        required=False,
        min_value=1,
        max_value=1_000,
        help_text=_("Strikes by all policies count. Empty: none do."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    suspension_days = forms.IntegerField(
        label=_("For how many days"),
        min_value=1,
        max_value=365,
        initial=7,
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    @classmethod
    def of(cls, policy: Policy) -> "PolicyForm":
        """Filled in as the policy is."""
        return cls(initial={name: getattr(policy, name) for name in cls.base_fields})

    @property
    def rule(self) -> Rule:
        """What was entered, once the form is valid."""
        return Rule(**self.cleaned_data)


class NoticeTextForm(forms.Form):
    """The tenant's own text for an action in a language."""

    text = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=notice_texts.TEXT_MAX_CHARS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_(
            "Placeholders: {handle}, {tenant}, {rule}, {until}, {record}. Empty: our text."
        ),
    )


class OutcomeForm(ReasonForm):
    """The outcome of an appeal."""

    field_order = ("outcome", "reason", "words")
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[
            ("upheld", _("The decision stands")),
            ("reversed", _("Take the decision back")),
        ],
    )
    words = forms.CharField(
        label=_("To the account holder"),
        required=False,
        max_length=notices.WORDS_MAX_CHARS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )


class NetworkForm(ReasonForm):
    """An address range from which nobody signs up."""

    field_order = ("network", "days", "reason")
    network = forms.CharField(
        label=_("Address range"),
        max_length=50,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "192.0.2.0/24"}),
    )
    days = forms.IntegerField(
        label=_("For how many days"),
        required=False,
        min_value=1,
        max_value=_DAYS_MAX,
        help_text=_("Empty: until somebody removes it."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    @property
    def until(self) -> datetime | None:
        """When it ends, once the form is valid."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class DenyListForm(ReasonForm):
    """A file of CIDs and SHA-256 hashes, one a line."""

    field_order = ("listed", "reason")
    listed = forms.FileField(
        label=_("A list of CIDs or SHA-256 hashes, one a line"),
        help_text=_("A text file of at most 2 MB. It counts for all hosts of the tenant."),
    )

    def clean_listed(self) -> bytes:
        """The file's bytes."""
        file = self.cleaned_data["listed"]
        if file.size > denied_blobs.LIST_MAX_BYTES:
            raise forms.ValidationError(_("The file is too large."))
        content: bytes = file.read()
        return content


class AuthorityForm(forms.Form):
    """A service whose abuse notices are taken."""

    did = forms.CharField(
        label=_("DID, or * for everybody"),
        max_length=2_048,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "did:web:notices.example.org"}),
    )
    is_acted_on = forms.BooleanField(
        label=_("Take the records and files that it names down at once"), required=False
    )
