"""The form of a did:web's document: three lines, and the password."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.identity import did_web, did_web_documents
from accounts.models import Account
from accounts.pages.forms.accounts import AS_TYPED, OwnerForm
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
