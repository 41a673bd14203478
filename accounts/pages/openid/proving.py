"""A fresh proof by the provider, for who signs in by it: they sign in there anew.

A controller proves who they are themselves.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.authentication import web_sessions
from accounts.delegation.roles import Deed
from accounts.models import Account
from accounts.oauth.openid import flows, identities
from accounts.oauth.openid.refusals import SignInLost
from accounts.pages.centre.fresh_proof import next_of
from accounts.pages.centre.signed_in import (
    address,
    for_signed_in,
    open_to,
    open_when_taken_down,
    visit_of,
)
from accounts.pages.openid import kept, way
from hosting.pages import next_page
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

PROOF = "proof"


@never_cache
@require_safe
@for_signed_in
@open_to(Deed.SEE)
@open_when_taken_down
def begin(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/prove/openid?next=`: to the provider that opens the account."""
    try:
        identity = identities.of_account(visit_of(request).own_session.account)
        if identity is None:
            raise SignInLost
        provider = flows.of_host(host_of(request), identity.provider_id)
        to = next_page.with_next(address(request, "openid_proven"), next_of(request, account))
        return kept.go(request, provider, PROOF, to, is_anew=True)
    except XrpcError as refusal:
        return way.refused(request, refusal)


@never_cache
@require_safe
@for_signed_in
@open_to(Deed.SEE)
@open_when_taken_down
def done(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/prove/openid/done?next=`: back from there, on to where they were going."""
    session = visit_of(request).own_session
    try:
        proof = kept.proven(request, PROOF)
        found = identities.find(host_of(request), proof.provider, proof.person.subject)
        if found is None or found.account_id != session.account_id:
            raise SignInLost
        flows.use(host_of(request), proof)
    except XrpcError as refusal:
        return way.refused(request, refusal)
    web_sessions.prove(session)
    return kept.used(request, HttpResponseRedirect(next_of(request, account)))
