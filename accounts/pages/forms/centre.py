"""The forms of the account centre."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.authentication import credential_rules
from accounts.authentication.app_passwords import NAME_MAX_CHARACTERS
from accounts.models import Account
from accounts.pages.forms.accounts import (
    AS_TYPED,
    HandlePicker,
    HostForm,
    NewPasswordField,
    held_against,
)
from hosting.models import Host
from protocol.syntax import is_handle, normalize_handle


class ChangePasswordForm(HostForm):
    """Another main password, and who stays signed in."""

    password = NewPasswordField(label=_("New password"))
    signs_out = forms.BooleanField(
        label=_("Sign out everywhere else, in apps too"), required=False, initial=True
    )


class AppPasswordForm(HostForm):
    """For which app a password is, and whether it may read and write direct messages."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX_CHARACTERS,
        help_text=_("The app or device that it is for, so that you know it again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_privileged = forms.BooleanField(
        label=_("May read and write direct messages"), required=False
    )


class HandleForm(HandlePicker):
    """A handle under one of the host's domains; filled in with the one that they have."""

    def __init__(self, host: Host, account: Account, data: Any = None) -> None:
        super().__init__(host, data)
        label, _dot, rest = (account.handle or "").partition(".")
        if f".{rest}" in self.domains:
            self.initial = {"handle": label, "domain": f".{rest}"}


class DomainForm(HostForm):
    """A handle that is a domain of their own."""

    handle = forms.CharField(
        label=_("Your domain"),
        max_length=253,
        help_text=_("Such as example.com, or a name below it."),
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "off", "inputmode": "url"}),
    )

    def clean_handle(self) -> str:
        """People also type `@name` and the address of a page."""
        typed: str = self.cleaned_data["handle"].strip().removeprefix("https://")
        name = typed.removeprefix("@").rstrip("/").rstrip(".")
        if not is_handle(name):
            raise forms.ValidationError(_("Enter a domain name, such as example.com."))
        return normalize_handle(name)


class AddressForm(HostForm):
    """Another e-mail address, and the code that was mailed to the present one where that takes
    one."""

    email = forms.CharField(
        label=_("New e-mail address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    code = forms.CharField(
        label=_("Code from the e-mail"),
        max_length=100,
        required=False,
        widget=forms.TextInput(
            attrs={**AS_TYPED, "autocomplete": "one-time-code", "placeholder": "ABCDE-23456"}
        ),
    )

    def clean_email(self) -> str:
        return held_against(credential_rules.checked_email, self.cleaned_data["email"])
