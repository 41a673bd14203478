"""The forms of moving in: who moves, and the account here with the proof that it is theirs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.pages.forms.accounts import AS_TYPED, HostForm, SignUpForm
from hosting.models import Host
from protocol.did.did_document import DidDocument

_CODE = forms.TextInput(attrs={**AS_TYPED, "autocomplete": "one-time-code"})


class WhoForm(HostForm):
    """Who wants to move in."""

    identifier = forms.CharField(
        label=_("Your handle"),
        max_length=300,
        help_text=_("As it is today, at your old host. Your DID will do, too."),
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "username"}),
    )


class OldPasswordField(forms.CharField):
    """The main password at the old host."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Password at your old host"),
            strip=False,
            max_length=512,
            help_text=_("Your main password, no app password. It is sent there once and not kept."),
            widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        )


class OldCodeField(forms.CharField):
    """What the old host's second factor says."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Code of your old host"),
            required=False,
            max_length=50,
            help_text=_("Only if it asks for one when you sign in there."),
            widget=_CODE,
        )


class NewHomeForm(SignUpForm):
    """The account here. `did` and `old_handle` come from the first step and are proven later."""

    did = forms.CharField(max_length=2048, widget=forms.HiddenInput)
    old_handle = forms.CharField(required=False, max_length=253, widget=forms.HiddenInput)
    keeps_handle = forms.BooleanField(required=False)

    def __init__(self, host: Host, data: Any = None, document: DidDocument | None = None) -> None:
        super().__init__(host, data)
        del self.fields["recovery_key"]
        if document is not None:
            handle = document.handle or ""
            self.initial = {
                "did": document.did,
                "old_handle": handle,
                "handle": handle.partition(".")[0],
            }
        if self.wants_old_handle:
            self.fields["handle"].required = self.fields["domain"].required = False

    @property
    def wants_old_handle(self) -> bool:
        """Whether they bring the handle of a domain of their own along."""
        return bool(self.data.get("keeps_handle")) if self.is_bound else False

    @property
    def shown_did(self) -> str:
        """Whose account it is."""
        return str(self["did"].value() or "")

    @property
    def shown_handle(self) -> str:
        """The handle that they have today."""
        return str(self["old_handle"].value() or "")

    @property
    def wanted_handle(self) -> str:
        """The handle here: what they bring, or a new one under our domains."""
        if self.wants_old_handle:
            return str(self.cleaned_data.get("old_handle", "")).strip().lower()
        return super().wanted_handle

    def clean(self) -> None:
        """The rules of new handles hold for those under our domains; others are asked for."""
        if not self.wants_old_handle:
            super().clean()


class OldHostForm(NewHomeForm):
    """With the password at the old host."""

    old_password = OldPasswordField()
    old_code = OldCodeField()


class OAuthHomeForm(NewHomeForm):
    """For who has signed in at the old host by OAuth; the session there comes along, wrapped."""

    old_session = forms.CharField(max_length=40_000, widget=forms.HiddenInput)


class RecoveryKeyForm(NewHomeForm):
    """With a token that the browser signs; the key itself never leaves it."""

    proof = forms.CharField(
        max_length=8_000,
        widget=forms.HiddenInput,
        error_messages={"required": _("Enter your recovery key.")},
    )


class OldSignInForm(HostForm):
    """Signing in at the old host once more."""

    old_password = OldPasswordField()
    old_code = OldCodeField()


class OldPasswordForm(OldSignInForm):
    """The password there for a step that the old host lets no app do."""


class CodeForm(HostForm):
    """The code that the old host mailed."""

    code = forms.CharField(label=_("Code from the e-mail"), max_length=50, widget=_CODE)


class OperationForm(HostForm):
    """The operation that the browser signed with the recovery key."""

    operation = forms.CharField(
        max_length=8_000,
        widget=forms.HiddenInput,
        error_messages={"required": _("Enter your recovery key.")},
    )
