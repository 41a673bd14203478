"""Fresh proofs: pages that want to know again who it is.

A cookie may be stolen. What a thief could make last asks for a proof of the last minutes: the main
password, with a code where the account has a second factor, or a passkey. Signing in is one.

    @for_signed_in
    @with_fresh_proof
    def page(request, account): ...
"""

from datetime import timedelta
from functools import wraps
from typing import Any, Final

from django.contrib.auth.hashers import is_password_usable
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import web_sessions
from accounts.delegation.roles import Deed
from accounts.models import Account, ControllerSession
from accounts.oauth.openid import identities
from accounts.pages import cookies
from accounts.pages.answers import posted, prove_password, show_form, status_of
from accounts.pages.centre.signed_in import (
    Page,
    address,
    for_signed_in,
    open_to,
    open_when_taken_down,
    visit_of,
)
from accounts.pages.forms.accounts import OwnerForm
from hosting.pages import next_page
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

FRESH_FOR: Final = timedelta(minutes=10)
SENT_WITHIN: Final = timedelta(minutes=15)  # a form that was shown in time may be filled in


def is_fresh(request: HttpRequest) -> bool:
    """Whether they proved who they are lately enough for this request."""
    proved_at = visit_of(request).session.proved_at
    lasts = SENT_WITHIN if request.method == "POST" else FRESH_FOR
    return proved_at is not None and proved_at > timezone.now() - lasts


def with_fresh_proof(page: Page) -> Page:
    """A page that asks for a proof first. What was sent without one is not done: they come back to
    the page where it was filled in."""

    @wraps(page)
    def shown(request: HttpRequest, account: Account, **more: Any) -> HttpResponseBase:
        if is_fresh(request):
            return page(request, account, **more)
        return HttpResponseRedirect(proof_address(request))

    return shown


def proof_address(request: HttpRequest) -> str:
    """Where the proof is asked for, and how to come back from there: of a visitor, at home."""
    if isinstance(visit_of(request).session, ControllerSession):
        return next_page.with_next(reverse("accounts:visit"), next_page.here(request))
    return next_page.with_next(address(request, "prove"), next_page.here(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_to(Deed.SEE)
@open_when_taken_down
def prove(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/prove?next=`: the password of who is signed in once more, then on to where they
    were going."""
    session = visit_of(request).session
    if isinstance(session, ControllerSession):
        return HttpResponseRedirect(proof_address(request))
    form = OwnerForm(host_of(request), session.account, posted(request))
    to = next_of(request, account)
    shown = {
        "next": to,
        "identity": identities.of_account(session.account),
        "openid_url": next_page.with_next(address(request, "openid_prove"), to),
        "has_password": is_password_usable(session.account.password),
    }
    if form.is_valid():
        try:
            prove_password(request, form)
            web_sessions.prove(session)
            return HttpResponseRedirect(to)
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, "accounts/centre/prove.html", form, status_of(refusal), shown)
    return show_form(request, "accounts/centre/prove.html", form, shown=shown)


def next_of(request: HttpRequest, account: Account) -> str:
    """Where to go after the proof: a page of the account, and nowhere else."""
    return cookies.going_to(request, account) or address(request, "home")
