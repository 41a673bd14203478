"""Form fields of limits, as plans and accounts have them: a number, a size, `none`, or nothing."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hosting.plans import limits
from hosting.plans.limits import KINDS, Limit, Limits
from provider.tenancy import plans

_DEFAULT: Final = "default"
_SIZE: Final = gettext_lazy("A size, such as 10 GB.")


class LimitField(forms.CharField):
    """A limit as it is typed; empty: what holds without one of its own."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        said = _SIZE if limit.is_of_bytes else ""
        widget = forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"})
        super().__init__(
            label=KINDS[limit].label, help_text=said, required=False, max_length=20, widget=widget
        )

    def clean(self, value: Any) -> object:
        """The number, None for no limit, `default` for what is left empty."""
        typed = super().clean(value).strip().lower()
        found = plans.parsed(typed) if typed else _DEFAULT
        if found != _DEFAULT and limits.fault_in(self.limit, found):
            raise forms.ValidationError(_("Enter a number, or none."))
        return found


class LimitsForm(forms.Form):
    """A form with a field for each limit `of` its subject, filled in with what it has."""

    of: Iterable[Limit] = Limit

    def __init__(self, there: Limits, data: Any = None) -> None:
        super().__init__(data)
        for limit in self.of:
            self.fields[limit] = LimitField(limit)
            if limit in there:
                self.initial[limit] = "none" if there[limit] is None else str(there[limit])

    @property
    def given(self) -> Mapping[str, object]:
        """The limits as the verbs take them, once the form is valid."""
        return {str(limit): self.cleaned_data[limit] for limit in self.of}
