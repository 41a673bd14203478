"""The forms of a sign-in with OAuth: those of the account pages, and "remember this account"."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.oauth.requests.opened_requests import Opened
from accounts.pages.forms.accounts import SignInForm
from accounts.pages.forms.second_step import SecondStepForm


class AppSignInForm(SignInForm):
    """Name and password. An app that says whom it expects has written the name already, unless
    somebody else signs in to act for them."""

    is_remembered = forms.BooleanField(
        label=_("Remember this account on this device"), required=False
    )

    def __init__(self, opened: Opened, data: Any = None, *, is_acting: bool = False) -> None:
        super().__init__(opened.host, data)
        expected = "" if is_acting else _expected(opened)
        if expected:
            name = self.fields["identifier"]
            name.initial = expected
            name.widget.attrs["readonly"] = ""


class AppSecondStepForm(SecondStepForm):
    """The second step; what was said about remembering comes along."""

    is_remembered = forms.BooleanField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, opened: Opened, data: Any = None, challenge: str = "", *, is_remembered: bool = False
    ) -> None:
        super().__init__(opened.host, data, challenge)
        self.fields["is_remembered"].initial = is_remembered


def _expected(opened: Opened) -> str:
    """The handle by now of whom the app expects, or what it said."""
    hint = opened.login_hint
    account = Account.objects.of(opened.host).open().named(hint).first() if hint else None
    return (account.handle if account else None) or hint
