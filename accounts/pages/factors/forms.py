"""The forms of the pages of second factors."""

from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.authentication.factors import passkeys, totp
from accounts.authentication.factors.holders import Holder
from accounts.pages.forms.accounts import AS_TYPED, HostForm, PasskeyField


class HolderForm(HostForm):
    """A form about the factors of `holder`; by itself a button."""

    def __init__(self, holder: Holder, data: Any = None) -> None:
        super().__init__(holder.host, data)
        self.holder = holder


class AppForm(HolderForm):
    """A first code of a new authenticator app; `started` carries its secret."""

    started = forms.CharField(max_length=2048, widget=forms.HiddenInput())
    code = forms.CharField(
        label=_("Code that the app shows"),
        max_length=100,
        widget=forms.TextInput(
            attrs={**AS_TYPED, "autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
    )

    def __init__(self, holder: Holder, data: Any = None) -> None:
        super().__init__(holder, data)
        self.text = self.data.get("started", "")
        secret = totp.started(holder, self.text)
        if secret is None:  # the first look, or one that took too long
            self.text = totp.start(holder)
            secret = totp.started(holder, self.text)
        self.fields["started"].initial = self.text
        self.secret = secret or ""

    @property
    def qr_code(self) -> SafeString:
        return totp.qr_code(self.holder, self.secret)

    @property
    def secret_in_groups(self) -> str:
        """For who types it: four letters at a time."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


class NameForm(HolderForm):
    """What a passkey is called."""

    name = forms.CharField(
        label=_("Name"),
        max_length=passkeys.NAME_MAX_CHARACTERS,
        help_text=_("So that you know it again: the device, or the colour of the key."),
    )


class AddPasskeyForm(NameForm):
    """A passkey that a script had the browser make, and what to call it."""

    passkey = PasskeyField()

    def __init__(self, holder: Holder, data: Any = None) -> None:
        super().__init__(holder, data)
        self.options = passkeys.options_to_add(holder)

    def clean_passkey(self) -> str:
        made: str = self.cleaned_data["passkey"]
        if not made:
            raise forms.ValidationError(_("Passkeys need JavaScript."))
        return made
