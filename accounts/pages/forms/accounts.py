"""What forms of account pages share, and those to sign in and up: they tidy what was typed and hold
it against the package's rules.

A verb's refusal comes back to the form (`refuse`), and lands beside the field it is about.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.authentication import credential_rules, credentials
from accounts.authentication.factors import ceremonies, holders, passkeys, second_step
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.authentication.passwords import (
    NEW_PASSWORD_MAX_CHARACTERS,
    OLD_PASSWORD_MAX_CHARACTERS,
)
from accounts.identity.handles import allocation
from accounts.models import Account, OpenIdProvider
from accounts.oauth.openid import flows
from accounts.pages.captcha.widgets import Captcha
from accounts.signup import rules
from accounts.signup.rules import SignUp
from hosting.models import Host
from hosting.pages import form_errors
from protocol.errors import XrpcError

AS_TYPED = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class NewPasswordField(forms.CharField):
    """A page may ask for more than the protocol: no short and no well-known passwords."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            strip=False,
            max_length=NEW_PASSWORD_MAX_CHARACTERS,
            help_text=_("At least 8 characters. A few words in a row are easy to remember."),
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": "8"}),
            **options,
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        validate_password(value)


class PasswordField(forms.CharField):
    """The main password, as it is."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Password"),
            strip=False,
            max_length=OLD_PASSWORD_MAX_CHARACTERS,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )


class HostForm(forms.Form):
    """A form of one host's pages."""

    def __init__(self, host: Host, data: Any = None) -> None:
        super().__init__(data)
        self.host = host
        self.refusal_headers: Mapping[str, str] = {}  # of the answer that shows a refusal
        self.problem = ""  # what went wrong before this form is shown
        self.domains = [domain.name for domain in host.handle_domains.all()]

    def whole_identifier(self, typed: str) -> str:
        """A bare name is a handle under this host's first domain."""
        identifier = credentials.normalized(typed)
        is_whole = any(mark in identifier for mark in ".@:")
        return identifier if is_whole or not self.domains else identifier + self.domains[0]

    @property
    def openid_providers(self) -> list[OpenIdProvider]:
        """By which people sign in here, instead of a password."""
        return flows.people_of(self.host)

    def refuse(self, refusal: XrpcError) -> None:
        """Show a verb's refusal beside its field, or above the form when it has none."""
        form_errors.refuse(self, refusal)
        self.refusal_headers = refusal.headers

    def told(self, refusal: XrpcError) -> str:
        """A refusal of something else than this form, in words; its headers go with the answer."""
        self.refusal_headers = refusal.headers
        return refusal.for_page()


class AccountForm(HostForm):
    """A form of who is signed in to `account`."""

    def __init__(self, host: Host, account: Account, data: Any = None) -> None:
        super().__init__(host, data)
        self.account = account


class PasskeyField(forms.CharField):
    """What a script puts in: the browser's answer, JSON."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(
            required=required,
            max_length=ceremonies.RESPONSE_MAX_CHARS,
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        )


class HandlePicker(HostForm):
    """A handle under one of the host's domains."""

    handle = forms.CharField(
        label=_("Handle"),
        max_length=100,
        help_text=_("Your name in the network: 3 to 18 letters, digits or dashes."),
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "off", "data-handle": ""}),
    )
    domain = forms.ChoiceField(label=_("Domain"))

    def __init__(self, host: Host, data: Any = None) -> None:
        super().__init__(host, data)
        choice = self.fields["domain"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(name, name) for name in self.domains]

    def clean(self) -> None:
        """The handle comes in two fields. What is wrong with it stands beside the first."""
        if "handle" in self.cleaned_data and "domain" in self.cleaned_data:
            try:
                allocation.check_new(self.host, self.wanted_handle)
            except XrpcError as refusal:
                self.refuse(refusal)

    @property
    def wanted_handle(self) -> str:
        """People also type `@name` and the whole handle into the first field."""
        typed = credentials.normalized(self.cleaned_data["handle"])
        domain: str = self.cleaned_data["domain"]
        return typed.removesuffix(domain) + domain


class SignUpForm(HandlePicker):
    """Handle picker, e-mail, password, and for those who know why, a recovery key."""

    email = forms.CharField(
        label=_("E-mail address"),
        max_length=320,
        help_text=_("Only for this host: to sign in and to get your account back."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = NewPasswordField(label=_("Password"))
    invite_code = forms.CharField(
        label=_("Invite code"),
        max_length=100,
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "off"}),
    )
    recovery_key = forms.CharField(
        label=_("Recovery key"),
        required=False,
        max_length=256,
        help_text=_(
            "The public half (did:key:z…) of a key that only you hold. It ranks above this host's"
            " own key: with it you can take your account elsewhere even against our will."
        ),
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "off"}),
    )

    def __init__(self, host: Host, data: Any = None) -> None:
        super().__init__(host, data)
        if not host.has_invites_required:
            del self.fields["invite_code"]
        self.captcha = Captcha(host) if host.admission == Host.Admission.CAPTCHA else None

    def clean_email(self) -> str:
        return held_against(credential_rules.checked_email, self.cleaned_data["email"])

    def clean_recovery_key(self) -> str:
        key: str = self.cleaned_data["recovery_key"]
        return held_against(rules.checked_recovery_key, key)

    def wanted(self, address: str) -> SignUp:
        """What is asked for from an IP address, once the form is valid."""
        given = self.cleaned_data
        return SignUp(
            handle=self.wanted_handle,
            email=given["email"],
            password=given["password"],
            recovery_key=given["recovery_key"],
            invite_code=given.get("invite_code"),
            verification_code=self.captcha.answer_in(self.data) if self.captcha else None,
            address=address,
            language=get_language(),
        )


def held_against(rule: Callable[[str], str], value: str) -> str:
    """A value in the form that a rule gives it; a refusal becomes the field's error, so that one
    answer names everything that is wrong."""
    try:
        return rule(value)
    except XrpcError as refusal:
        raise forms.ValidationError(refusal.for_page()) from None


class IdentifierForm(HostForm):
    """Who somebody is: handle, e-mail address or DID."""

    identifier = forms.CharField(
        label=_("Handle or e-mail address"),
        max_length=2048,
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "username webauthn"}),
    )

    def clean_identifier(self) -> str:
        return self.whole_identifier(self.cleaned_data["identifier"])


class SignInForm(IdentifierForm):
    """Who somebody is, and the password."""

    password = PasswordField()


class PasskeySignInForm(HostForm):
    """A passkey, which says by itself whose it is."""

    passkey = PasskeyField(required=True)
    is_remembered = forms.BooleanField(required=False)  # of a sign-in for an app


class OwnerForm(AccountForm):
    """What takes a fresh proof from who is signed in to `account`: the main password once more,
    with a code where the account has more than a password, or a passkey."""

    password = PasswordField()
    factor = forms.CharField(
        label=_("Code of your authenticator app, or a recovery code"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "one-time-code"}),
    )
    proof = PasskeyField()

    def __init__(self, host: Host, account: Account, data: Any = None) -> None:
        super().__init__(host, account, data)
        self.fields["password"].required = False  # `clean` has its say
        self.order_fields([name for name in self.fields if name != "password"])  # it comes last
        holder = holders.of_account(account)
        asked = second_step.ways(holder)
        self.asked = None if asked is None or asked.is_mailed else asked
        if self.asked is None:
            del self.fields["factor"]
        self.proof_options = (
            passkeys.options_to_show(host, Purpose.CONFIRM, holder)
            if passkeys.usable(holder)
            else ""
        )

    def clean(self) -> None:
        if not (self.cleaned_data.get("password") or self.cleaned_data.get("proof")):
            self.add_error("password", self.fields["password"].error_messages["required"])
        elif self.asked and not (self.cleaned_data.get("proof") or self.cleaned_data["factor"]):
            self.add_error("factor", _("Enter the code."))

    def refuse(self, refusal: XrpcError) -> None:
        if isinstance(refusal, WrongCode):
            self.add_error("factor", refusal.for_page())
            return
        is_of_password = isinstance(refusal, credentials.InvalidLogin) and not refusal.field
        if is_of_password and not isinstance(refusal, passkeys.PasskeyRefused):
            self.add_error("password", _("The password is wrong."))  # nobody gave a name here
        else:
            super().refuse(refusal)
