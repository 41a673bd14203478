"""The forms of people who act for an account."""

from typing import Any, Final

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.delegation import people, roles
from accounts.delegation.people import Grant
from accounts.models import Delegation
from accounts.pages.forms.accounts import AS_TYPED, HostForm
from hosting.models import Host
from protocol.syntax import is_did, is_handle

NAME_MAX_CHARS: Final = 2_048


class RoleForm(HostForm):
    """What a controller may do. `by`: who gives it, if not the account itself."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect())
    scope = forms.CharField(
        label=_("Scopes, if you choose them"),
        required=False,
        max_length=roles.SCOPE_MAX_CHARS,
        help_text=_("For experts: such as repo:app.bsky.feed.post and blob:image/*."),
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "off"}),
    )

    def __init__(self, host: Host, by: Delegation | None, data: Any = None, **options: Any) -> None:
        super().__init__(host, data)
        self.initial.update(options)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)  # noqa: S101 - declared above
        role.choices = [
            (each, format_lazy("{}: {}", roles.TITLES[each], roles.MEANINGS[each]))
            for each in people.grantable(by)
        ]

    @property
    def grant(self) -> Grant:
        """What was chosen."""
        return Grant(self.cleaned_data["role"], self.cleaned_data["scope"].strip())


class InviteForm(RoleForm):
    """Who is invited, by handle or DID, and for what."""

    name = forms.CharField(
        label=_("Handle or DID"),
        max_length=NAME_MAX_CHARS,
        help_text=_("Of an account at this host or at any other."),
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        return handle_or_did(self, self.cleaned_data["name"])


class VisitForm(HostForm):
    """Who they are at their own host."""

    name = forms.CharField(
        label=_("Your handle or DID"),
        max_length=NAME_MAX_CHARS,
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "username"}),
    )

    def clean_name(self) -> str:
        return handle_or_did(self, self.cleaned_data["name"])


def handle_or_did(form: HostForm, typed: str) -> str:
    """A handle or DID as it was meant; a bare name is one of this host's. Raises
    ValidationError."""
    name = typed.strip().removeprefix("@")
    name = name if is_did(name) else form.whole_identifier(name).lower()
    if not (is_did(name) or is_handle(name)):
        raise forms.ValidationError(_("Enter a valid handle."))
    return name


class ControllerForm(RoleForm):
    """Another role. `seen`: what they had when the page was shown."""

    seen = forms.CharField(required=False, max_length=3_000, widget=forms.HiddenInput())

    def seen_row(self, delegation: Delegation) -> Delegation:
        """The row as the page showed it."""
        role, _space, scope = self.cleaned_data["seen"].partition(" ")
        return Delegation(pk=delegation.pk, role=role, scope=scope)


def seen_of(delegation: Delegation) -> str:
    """What the hidden field says of a row."""
    return f"{delegation.role} {delegation.scope}".strip()
