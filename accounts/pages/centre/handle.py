"""The handle of an account: what others see, another one, or a domain of one's own."""

import re
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.delegation.roles import Deed
from accounts.identity import external_handles, handle_changes, resolution
from accounts.identity.handles import allocation
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import address, for_signed_in, open_to
from accounts.pages.cookies import WHO
from accounts.pages.forms.centre import DomainForm, HandleForm
from hosting import limits
from hosting.limits import DAY_S, MINUTE_S, Budget, bucket
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_HANDLE = "accounts/centre/handle.html"
_CHANGE = "accounts/centre/change_handle.html"
_DOMAIN = "accounts/centre/own_domain.html"
_AGAIN: Final = "again"  # in the address: how often the page asked by itself
PAUSE_S: Final = 30  # between two times, ten minutes in all
AGAIN_MAX: Final = 20
PROOFS = bucket("handle-proofs", Budget(30, 5 * MINUTE_S), Budget(300, DAY_S))


@never_cache
@require_safe
@for_signed_in
@open_to(Deed.CHANGE_HANDLE)
def handle(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/handle`: handle and address, and what others see."""
    shown = {
        "host": host_of(request),
        "account": account,
        "seen": external_handles.shown(account),
        "is_own_domain": bool(account.handle)
        and not allocation.is_own(account.host, account.handle or ""),
    }
    return render(request, _HANDLE, shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_to(Deed.CHANGE_HANDLE)
@with_fresh_proof
def change(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/handle/change`: another one under the host's domains."""
    form = HandleForm(host_of(request), account, posted(request))
    shown = {"account": account}
    if not form.is_valid():
        return show_form(request, _CHANGE, form, shown=shown)
    try:
        return _changed(request, account, form.wanted_handle)
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _CHANGE, form, status_of(refusal), shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_to(Deed.CHANGE_HANDLE)
def own_domain(request: HttpRequest, account: Account) -> HttpResponseBase:
    """`/account/handle/domain`: which records prove a domain of one's own, whether they do by now
    (sent with `check`), and taking it as the handle (sent with `use`).

    Until they do the page asks again by itself (`?handle=&again=`), which changes nothing and takes
    no proof, so that nobody is asked for a password while they wait."""
    if request.method == "GET" and _AGAIN in request.GET:
        return _checked(request, account, request.GET)
    return _asked(request, account)


@with_fresh_proof
def _asked(request: HttpRequest, account: Account) -> HttpResponse:
    return _checked(request, account, posted(request))


def _checked(request: HttpRequest, account: Account, given: QueryDict | None) -> HttpResponse:
    """The form, and beside a domain what its records say."""
    form = DomainForm(host_of(request), given)
    shown: dict[str, Any] = {"account": account, "pause_s": PAUSE_S}
    if not form.is_valid():
        return show_form(request, _DOMAIN, form, shown=shown)
    wanted = form.cleaned_data["handle"]
    try:
        limits.attempt(request, PROOFS, form.host, account.did)
        proofs = resolution.proofs_of(wanted)
        is_found = account.did in (proofs.dns.did, proofs.https.did)
        shown |= {"wanted": wanted, "proofs": proofs, "is_found": is_found}
        if "use" in request.POST:
            return _changed(request, account, wanted)
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _DOMAIN, form, status_of(refusal), shown)
    if not is_found:
        shown["again"] = _again(request, wanted)
    return show_form(request, _DOMAIN, form, shown=shown)


def _again(request: HttpRequest, wanted: str) -> str:
    """Where the page asks again by itself; empty when it did so for long enough."""
    said = request.GET.get(_AGAIN, "") if request.method == "GET" else "0"
    count = int(said) + 1 if re.fullmatch("[0-9]{1,2}", said) else AGAIN_MAX + 1
    query = urlencode({"handle": wanted, _AGAIN: count})
    return f"{address(request, 'own_domain')}?{query}" if count <= AGAIN_MAX else ""


def _changed(request: HttpRequest, account: Account, wanted: str) -> HttpResponse:
    """The handle changed, in the DID first. Raises XrpcError."""
    changes.spend(request, account)
    handle_changes.change_handle(account, handle_changes.check(account, wanted))
    found = request.resolver_match
    if found is not None and WHO in found.kwargs:
        found.kwargs[WHO] = wanted  # addresses name the account by it from now on
    return changes.saved(request, "handle")
