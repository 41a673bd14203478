"""Which provider opens an account: connected and removed by its owner, each with a fresh proof."""

from collections.abc import Iterator
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Account
from accounts.oauth.openid import flows, identities
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes, contributions
from accounts.pages.centre.contributions import SECURITY, Row
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import address, for_signed_in, go_to
from accounts.pages.forms.accounts import HostForm
from accounts.pages.oauth import browsers
from accounts.pages.openid import kept, way
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_TEMPLATE: Final = "accounts/centre/openid.html"
CONNECT: Final = "connect"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@with_fresh_proof
def connections(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/openid`: which provider opens the account; a POST removes it."""
    form = HostForm(host_of(request), posted(request))
    if not form.is_valid():
        return _shown(request, account, form)
    try:
        changes.spend(request, account)
        identities.disconnect(account)
    except XrpcError as refusal:
        return _shown(request, account, form, refusal)
    return changes.saved(request, "security")


@never_cache
@require_safe
@for_signed_in
@with_fresh_proof
def connect(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/openid/connect?provider=`: to the provider. A link of ours leads here; who
    comes from another site, where they may be signed in as somebody else at the provider, is shown
    what they are about to do."""
    if browsers.is_from_elsewhere(request):
        return go_to(request, "openid_connections")
    try:
        changes.spend(request, account)
        to = address(request, "openid_connected")
        return kept.go(request, way.wanted_provider(request), CONNECT, to, is_anew=True)
    except XrpcError as refusal:
        return _shown(request, account, HostForm(host_of(request)), refusal)


@never_cache
@require_safe
@for_signed_in
@with_fresh_proof
def connected(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/openid/connected`: back from there."""
    try:
        proof = kept.proven(request, CONNECT)
        flows.use(host_of(request), proof)
        identities.connect(account, proof.provider, proof.person)
    except XrpcError as refusal:
        return _shown(request, account, HostForm(host_of(request)), refusal)
    return kept.used(request, changes.saved(request, "security"))


@contributions.has_rows(25, SECURITY)
def security_row(request: HttpRequest, account: Account) -> Iterator[Row]:
    """Of the page *Security*, where the tenant has a provider."""
    identity = identities.of_account(account)
    if identity is None and not flows.people_of(host_of(request)):
        return
    value = identity.provider.name if identity else _("not connected")
    yield Row(_("Sign in with"), value, _("Change"), address(request, "openid_connections"))


def _shown(
    request: HttpRequest, account: Account, form: HostForm, refusal: XrpcError | None = None
) -> HttpResponse:
    status = None
    if refusal is not None:
        form.problem, status = form.told(refusal), status_of(refusal)
    identity = identities.of_account(account)
    shown = {
        "identity": identity,
        "is_admitted": identity is not None and identities.is_admitted_by(identity),
        "providers": flows.people_of(host_of(request)),
        "connect_url": address(request, "openid_connect"),
    }
    return show_form(request, _TEMPLATE, form, status, shown)
