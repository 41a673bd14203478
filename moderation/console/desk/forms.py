"""Forms of the desk: they check, the verbs act. The templates draw their fields by hand, since a
page has one of them for each action."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from moderation.action_limits import LIMITED, MOST, PerMember
from moderation.audit import REASON_MAX_CHARS
from moderation.desk.actions.bulk import CASES_MAX
from moderation.desk.actions.table import DAYS_MAX
from moderation.desk.deadlines import HOURS_MAX
from moderation.desk.moves import NOTE_MAX_CHARS
from moderation.enforcement.notices import WORDS_MAX_CHARS
from moderation.models import Case
from server.database import row_numbers


class ReasonForm(forms.Form):
    """Why; it goes into the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_CHARS,
        error_messages={"required": _("Give a reason: it goes into the audit log.")},
    )


class ActionForm(ReasonForm):
    """What any action of a case may want."""

    label = forms.CharField(label=_("Label"), max_length=100, required=False)
    policy = forms.IntegerField(label=_("Rule"), required=False, min_value=1, max_value=2**62)
    days = forms.IntegerField(label=_("Days"), required=False, min_value=1, max_value=DAYS_MAX)
    words = forms.CharField(
        label=_("What the account holder reads"), max_length=WORDS_MAX_CHARS, required=False
    )
    is_told = forms.BooleanField(label=_("Tell the account holder"), required=False)
    keeps_open = forms.BooleanField(label=_("Leave the case open"), required=False)


class ReportForm(ReasonForm):
    """How one report of a case is closed."""

    resolution = forms.ChoiceField(choices=Case.Resolution.choices)


class NoteForm(forms.Form):
    """A note for other staff."""

    text = forms.CharField(
        label=_("Note"),
        max_length=NOTE_MAX_CHARS,
        error_messages={"required": _("Write something first.")},
    )


class WaitForm(forms.Form):
    """For how long a case is set aside, and why."""

    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=DAYS_MAX)
    text = forms.CharField(label=_("Note"), max_length=NOTE_MAX_CHARS, required=False)


class AssignForm(forms.Form):
    """To whom a case is given, by name."""

    to = forms.CharField(label=_("Assigned to"), max_length=150)


class OpenForm(forms.Form):
    """A case that staff open themselves."""

    subject = forms.CharField(label=_("Handle, DID or at-URI"), max_length=8_192)
    kind = forms.ChoiceField(label=_("Kind"), choices=Case.Kind.choices)


class FilterForm(forms.Form):
    """A view of the queue and the name under which it is kept."""

    name = forms.CharField(label=_("Name"), max_length=60)
    query = forms.CharField(max_length=1_000, required=False)


class DeadlineForm(forms.Form):
    """The hours for each kind."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for kind, label in Case.Kind.choices:
            self.fields[kind] = forms.IntegerField(
                label=label, min_value=1, max_value=HOURS_MAX, required=False
            )


class ActionLimitsForm(forms.Form):
    """How often each action, in an hour and in a day; empty: as often as they like."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for action in LIMITED:
            for within in PerMember._fields:
                self.fields[f"{action}-{within}"] = forms.IntegerField(
                    label=action.label, min_value=0, max_value=MOST, required=False
                )


class _Ticked(forms.Field):
    """The cases that were ticked, by number."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        """What is no number of a row names none."""
        return _numbers(value or [])


class _Listed(forms.Field):
    """The numbers of many cases in one field: a form has no more than 1,000."""

    def to_python(self, value: Any) -> list[int]:
        """What is no number of a row names none."""
        return _numbers(str(value or "").split(","))


def _numbers(texts: list[str]) -> list[int]:
    read = map(row_numbers.read, texts[: CASES_MAX + 1])
    return [number for number in read if number is not None]


class BulkForm(ActionForm):
    """An action on many cases."""

    cases = _Listed(required=False)
    action = forms.CharField(max_length=60)


class PreviewForm(forms.Form):
    """Which cases, and what is to be done about them."""

    case = _Ticked(required=False)
    action = forms.CharField(max_length=60)
    has_all = forms.BooleanField(required=False)
    query = forms.CharField(max_length=1_000, required=False)
