"""The forms of pages that close an account, bring it back, or appeal."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.lifecycle import appeals
from accounts.pages.forms.accounts import AccountForm
from accounts.pages.forms.reset import CodeForm, CodeGiven

_LATEST: Final = timedelta(days=5 * 366)


class DeactivateForm(AccountForm):
    """Until when the account may be brought back, if its owner wants it deleted then."""

    delete_on = forms.DateField(
        label=_("Delete it on"),
        required=False,
        help_text=_("Leave it empty to keep the account for as long as you like."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_delete_on(self) -> date | None:
        wanted: date | None = self.cleaned_data["delete_on"]
        today = timezone.now().date()
        if wanted is not None and not today < wanted <= today + _LATEST:
            raise forms.ValidationError(_("Enter a day from tomorrow on, within five years."))
        return wanted

    @property
    def delete_after(self) -> datetime | None:
        """When that day begins in UTC; None when no day was given."""
        day = self.cleaned_data["delete_on"]
        return None if day is None else datetime.combine(day, time(), UTC)


class DeleteForm(CodeGiven, CodeForm, AccountForm):
    """The code that ends the account."""


class AppealForm(AccountForm):
    """What the owner has to say."""

    text = forms.CharField(
        label=_("Why should the staff look again?"),
        max_length=appeals.TEXT_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": "6"}),
    )
