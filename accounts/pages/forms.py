"""The forms of the account pages. They tidy what was typed; the room's verbs decide.

A verb's refusal comes back to the form (`refuse`), and lands beside the field it is about.
"""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.admission import SignUp
from accounts.pages import wording
from accounts.passwords import NEW_PASSWORD_MAX_CHARACTERS, OLD_PASSWORD_MAX_CHARACTERS
from hosting.models import Host
from protocol.errors import XrpcError

_AS_TYPED = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class HostForm(forms.Form):
    """A form of one host's pages."""

    def __init__(self, host: Host, data: Any = None) -> None:
        super().__init__(data)
        self.host = host
        self.domains = [domain.name for domain in host.handle_domains.all()]

    def refuse(self, refusal: XrpcError) -> None:
        """Show a verb's refusal beside its field, or above the form when it has none."""
        field = getattr(refusal, "field", None)
        self.add_error(field if field in self.fields else None, wording.for_person(refusal))


class SignUpForm(HostForm):
    """Handle picker, e-mail, password, and for those who know why, a recovery key."""

    handle = forms.CharField(
        label=_("Handle"),
        max_length=100,
        help_text=_("Your name in the network: 3 to 18 letters, digits or dashes."),
        widget=forms.TextInput(attrs={**_AS_TYPED, "autocomplete": "off", "data-handle": ""}),
    )
    domain = forms.ChoiceField(label=_("Domain"))
    email = forms.CharField(
        label=_("E-mail address"),
        max_length=320,
        help_text=_("Only for this host: to sign in and to get your account back."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=NEW_PASSWORD_MAX_CHARACTERS,
        help_text=_("At least 8 characters. A few words in a row are easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": "8"}),
    )
    invite_code = forms.CharField(
        label=_("Invite code"),
        max_length=100,
        widget=forms.TextInput(attrs={**_AS_TYPED, "autocomplete": "off"}),
    )
    recovery_key = forms.CharField(
        label=_("Recovery key"),
        required=False,
        max_length=256,
        help_text=_(
            "The public half of a key that only you hold, as did:key:z…. It ranks above this"
            " host's own key: with it you can take your account elsewhere even against our will."
        ),
        widget=forms.TextInput(attrs={**_AS_TYPED, "autocomplete": "off"}),
    )

    def __init__(self, host: Host, data: Any = None) -> None:
        super().__init__(host, data)
        choice = self.fields["domain"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(name, name) for name in self.domains]
        if not host.has_invites_required:
            del self.fields["invite_code"]

    def clean_password(self) -> str:
        """A page may ask for more than the protocol: no short and no well-known passwords."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password

    @property
    def wish(self) -> SignUp:
        """What is asked for. People also type `@name` and the whole handle into the first field."""
        given = self.cleaned_data
        label = given["handle"].strip().removeprefix("@").removesuffix(given["domain"])
        return SignUp(
            handle=label + given["domain"],
            email=given["email"],
            password=given["password"],
            recovery_key=given["recovery_key"].strip(),
            invite_code=given.get("invite_code"),
        )


class SignInForm(HostForm):
    """Handle, e-mail or DID, and the password."""

    identifier = forms.CharField(
        label=_("Handle or e-mail address"),
        max_length=2048,
        widget=forms.TextInput(attrs={**_AS_TYPED, "autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=OLD_PASSWORD_MAX_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_identifier(self) -> str:
        """A bare name is a handle under this host's first domain."""
        identifier: str = self.cleaned_data["identifier"].strip().removeprefix("@")
        is_whole = any(mark in identifier for mark in ".@:")
        return identifier if is_whole or not self.domains else identifier + self.domains[0]
