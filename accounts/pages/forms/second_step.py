"""The form of the second step of a sign-in: a code, or a passkey."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.authentication.factors import holders, passkeys
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.second_step import Shown, Ways
from accounts.models import Account
from accounts.pages.forms.accounts import AS_TYPED, HostForm, PasskeyField
from hosting.models import Host


class SecondStepForm(HostForm):
    """`challenge` says that the first step was taken; `asked` what may be shown now, once it is
    known whose step it is."""

    challenge = forms.CharField(max_length=2048, widget=forms.HiddenInput())
    passkey = PasskeyField()
    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={**AS_TYPED, "autocomplete": "one-time-code", "autofocus": True}
        ),
    )
    is_browser_trusted = forms.BooleanField(
        label=_("For 30 days, ask only for the password in this browser"), required=False
    )
    asked = Ways()
    options = ""  # for a passkey, JSON

    def __init__(self, host: Host, data: Any = None, challenge: str = "") -> None:
        super().__init__(host, data)
        self.fields["challenge"].initial = challenge

    def ask(self, account: Account, asked: Ways) -> None:
        """Have the page ask for what the account has."""
        self.asked = asked
        code = self["code"]  # bound by now, so its field's own label is not looked at any more
        if asked.is_mailed:
            code.label = _("Code from the e-mail")
            code.field.widget.attrs["placeholder"] = "ABCDE-23456"
        elif asked.has_app:
            code.label = _("Code of your authenticator app, or a recovery code")
        else:
            code.label = _("Recovery code")
        if asked.has_passkey:
            holder = holders.of_account(account)
            self.options = passkeys.options_to_show(self.host, Purpose.SECOND_STEP, holder)

    def clean(self) -> None:
        if not (self.cleaned_data.get("passkey") or self.cleaned_data.get("code")):
            self.add_error("code", _("Enter the code."))

    @property
    def shown(self) -> Shown:
        """What came, once the form is valid."""
        return Shown(self.cleaned_data["code"], self.cleaned_data["passkey"])
