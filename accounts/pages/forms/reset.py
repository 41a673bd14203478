"""The forms of the pages that take a mailed code."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, EmailToken
from accounts.pages.forms.accounts import AS_TYPED, HostForm, NewPasswordField, OwnerForm


class CodeForm(HostForm):
    """A form with a mailed code; what is wrong with the code stands beside it."""

    code = forms.CharField(
        label=_("Code from the e-mail"),
        max_length=100,
        widget=forms.TextInput(
            attrs={**AS_TYPED, "autocomplete": "one-time-code", "placeholder": "ABCDE-23456"}
        ),
    )


class CodeGiven(forms.Form):
    """Of a form for whose owner a code is made: `is_sent`: it is on its way; `code_here`: here it
    is; `problem`: why there is none."""

    is_sent = False
    code_here = ""
    problem = ""


class ConfirmEmailForm(CodeForm):
    """The code that confirms the address of `account`. `problem`: why no e-mail went out."""

    account: Account


class MailedCodeForm(CodeGiven, OwnerForm):
    """What a code is wanted for, and the main password."""

    purpose = forms.ChoiceField(
        label=_("What for"),
        choices=[
            (EmailToken.Purpose.PLC_OPERATION.value, _("To change your identity or move away")),
            (EmailToken.Purpose.DELETE_ACCOUNT.value, _("To delete the account")),
        ],
    )


class NewPasswordForm(CodeForm):
    """The code, and the new password."""

    password = NewPasswordField(label=_("New password"))
