"""The did:web page: its owner sets what the DID document says.

Source: docs/decisions/0023: the document is the owner's, from leaving for another host on. It takes
the main password each time, because it is the account itself that can be given away here.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.identity import did_web
from accounts.models import Account
from accounts.pages.answers import posted, prove_password, show_form, status_of
from accounts.pages.centre import changes
from accounts.pages.centre.signed_in import for_signed_in, go_to
from accounts.pages.forms.identity import IdentityForm
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_TEMPLATE = "accounts/identity/document.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@changes.counted
def identity(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/identity/document`: handle, signing key and host in the DID document."""
    if not did_web.is_served_here(account):
        raise Http404
    form = IdentityForm(host_of(request), account, posted(request))
    if form.is_valid():
        try:
            prove_password(request, form)
            given = form.cleaned_data
            key, endpoint = given["signing_key"], given["endpoint"]
            did_web.point_to(account, given["handle"], key, endpoint)
            return go_to(request, "did")
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, _TEMPLATE, form, status_of(refusal))
    return show_form(request, _TEMPLATE, form)
