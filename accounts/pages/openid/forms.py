"""The form of somebody new who came from a provider: the handle, and what the host asks for."""

from typing import Any

from django.utils.translation import get_language

from accounts.oauth.openid import admission
from accounts.oauth.openid.flows import Proven
from accounts.pages.forms.accounts import SignUpForm
from accounts.signup.rules import SignUp
from hosting.models import Host


class NewPersonForm(SignUpForm):
    """A sign-up without a password. Whom the provider admits is asked neither for a code nor for a
    captcha."""

    def __init__(self, host: Host, proof: Proven, data: Any = None) -> None:
        super().__init__(host, data)
        for name in ("password", "recovery_key"):
            del self.fields[name]
        if proof.provider.is_admitting:
            self.fields.pop("invite_code", None)
            self.captcha = None
        label = "" if self.is_bound else admission.suggested_label(host, proof.person)
        self.initial = {"handle": label, "email": proof.person.email}

    def clean_recovery_key(self) -> str:
        """There is no such field."""
        return ""

    def wanted(self, address: str) -> SignUp:
        """What is asked for from an IP address, once the form is valid."""
        given = self.cleaned_data
        return SignUp(
            handle=self.wanted_handle,
            email=given["email"],
            password=None,
            invite_code=given.get("invite_code"),
            verification_code=self.captcha.answer_in(self.data) if self.captcha else None,
            address=address,
            language=get_language(),
        )
