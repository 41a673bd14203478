"""The forms of an account's identity: a did:web's document, recovery keys, a move, a code."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.identity import did_web, did_web_documents
from accounts.identity.plc import departures
from accounts.identity.recovery_keys import changes, possession
from accounts.models import Account
from accounts.pages.forms.accounts import AS_TYPED, AccountForm, OwnerForm
from accounts.pages.forms.reset import CodeForm, CodeGiven
from hosting.models import Host
from protocol.did.plc_data import PDS_SERVICE, SIGNING_METHOD


class IdentityForm(OwnerForm):
    """Filled in with what the document says now."""

    handle = forms.CharField(
        label=_("Handle"), max_length=253, widget=forms.TextInput(attrs={**AS_TYPED})
    )
    endpoint = forms.CharField(
        label=_("Hosting provider"),
        max_length=300,
        help_text=_("The address of the host where the account lives, such as https://…"),
        widget=forms.TextInput(attrs={**AS_TYPED, "inputmode": "url"}),
    )
    signing_key = forms.CharField(
        label=_("Signing key"),
        max_length=256,
        help_text=_("The public key (did:key:z…) that this host keeps for you."),
        widget=forms.TextInput(attrs={**AS_TYPED}),
    )

    def __init__(self, host: Host, account: Account, data: Any = None) -> None:
        super().__init__(host, account, data)
        said = did_web_documents.data_of(did_web.identity_of(account))
        self.initial = {
            "handle": said.also_known_as[0].removeprefix("at://") if said.also_known_as else "",
            "endpoint": said.services[PDS_SERVICE].endpoint,
            "signing_key": said.verification_methods[SIGNING_METHOD],
        }


class RecoveryKeyForm(AccountForm):
    """A key by its public half. The page's script fills in `challenge` and `signature`, which prove
    that the private half was kept. `problem`: why nothing was done."""

    problem = ""

    did_key = forms.CharField(
        label=_("Public half of the key"),
        max_length=256,
        widget=forms.TextInput(
            attrs={**AS_TYPED, "autocomplete": "off", "placeholder": "did:key:z…"}
        ),
    )
    name = forms.CharField(
        label=_("Where you keep it"),
        required=False,
        max_length=changes.NAME_MAX_CHARACTERS,
        help_text=_("So that you recognise it in years, such as “paper in the desk”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    challenge = forms.CharField(
        required=False,
        max_length=possession.CHALLENGE_MAX_CHARACTERS,
        widget=forms.HiddenInput(),
    )
    signature = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput())


class KeyTestForm(AccountForm):
    """The proof that the private half of a listed key (`did_key`) is still there."""

    challenge = forms.CharField(
        max_length=possession.CHALLENGE_MAX_CHARACTERS, widget=forms.HiddenInput()
    )
    signature = forms.CharField(max_length=100, widget=forms.HiddenInput())

    def __init__(self, host: Host, account: Account, data: Any = None, *, did_key: str) -> None:
        super().__init__(host, account, data)
        self.did_key = did_key


class MovingOutForm(CodeGiven, AccountForm):
    """What a new host recommends."""

    credentials = forms.CharField(
        label=_("What the new host recommends"),
        max_length=departures.TEXT_MAX_CHARACTERS,
        help_text=_("The answer of com.atproto.identity.getRecommendedDidCredentials there: JSON."),
        widget=forms.Textarea(attrs={**AS_TYPED, "autocomplete": "off", "rows": "8"}),
    )


class ConfirmIdentityForm(CodeGiven, CodeForm, AccountForm):
    """The mailed code, and what it is for (`accounts.pages.identity.confirmation`)."""

    intention = forms.CharField(max_length=32_768, widget=forms.HiddenInput())
