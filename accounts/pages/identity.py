"""The page on which the owner of a did:web that we serve says what its document says.

Source: docs/decisions/0023: the document is the owner's, from leaving for another host on. It takes
the main password each time, because it is the account itself that can be given away here.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import credentials, web_identities
from accounts.models import Account
from accounts.pages.answers import posted, status_of
from accounts.pages.cookies import account_of
from accounts.pages.identity_forms import IdentityForm
from hosting import limits
from hosting.routing import host_of
from protocol.errors import XrpcError

_TEMPLATE = "accounts/identity.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def identity(request: HttpRequest) -> HttpResponse:
    """`/account/identity`: handle, signing key and host in the DID document."""
    account = account_of(request)
    if account is None:
        return redirect("accounts:sign_in")
    if not web_identities.is_served_here(account):
        raise Http404
    form = IdentityForm(host_of(request), account, posted(request))
    if form.is_valid():
        try:
            _change(request, account, form)
            return redirect("accounts:identity")
        except credentials.InvalidLogin as refusal:  # nobody gave a name here
            form.add_error("password", _("The password is wrong."))
            return _show(request, account, form, status_of(refusal))
        except XrpcError as refusal:
            form.refuse(refusal)
            return _show(request, account, form, status_of(refusal))
    return _show(request, account, form, 422 if form.errors else 200)


def _change(request: HttpRequest, account: Account, form: IdentityForm) -> None:
    given = form.cleaned_data
    who = credentials.counted_as(form.host, account.did)
    with limits.logging_in(request, form.host, who, credentials.InvalidLogin):
        credentials.authenticate(form.host, account.did, given["password"])
    web_identities.lead_to(account, given["handle"], given["signing_key"], given["endpoint"])


def _show(request: HttpRequest, account: Account, form: IdentityForm, status: int) -> HttpResponse:
    form.focus_on_first_error()
    shown = {"host": form.host, "account": account, "form": form}
    return render(request, _TEMPLATE, shown, status=status)
