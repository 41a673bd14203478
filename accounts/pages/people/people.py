"""The people of an account: who acts for it, in which role, and what they did.

Open to the account itself, and to controllers whose role says so (accounts.delegation.roles).
"""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.delegation import log, people, roles
from accounts.delegation.roles import Deed
from accounts.models import Account, DelegatedDeed, Delegation
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import acting_of, for_signed_in, open_to
from accounts.pages.cookies import client_of
from accounts.pages.forms.people import ControllerForm, InviteForm, seen_of
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from server.database import row_numbers

_LIST: Final = "accounts/people/people.html"
_INVITE: Final = "accounts/people/invite.html"
_ONE: Final = "accounts/people/person.html"
_LOG: Final = "accounts/people/log.html"


@never_cache
@require_safe
@for_signed_in
@open_to(Deed.SEE_PEOPLE)
def listed(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/people`: who acts, and who is invited to."""
    by = acting_of(request)
    shown = {
        "host": host_of(request),
        "account": account,
        "people": [(each, roles.TITLES[each.role]) for each in people.of_account(account)],
        "may_manage": by is None or roles.may(by, Deed.MANAGE_PEOPLE),
        "is_owner": by is None,
        "acting_url": f"{account.host.origin}{people.PATH}",
    }
    return render(request, _LIST, shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_to(Deed.MANAGE_PEOPLE)
@with_fresh_proof
def invite(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/people/invite`: somebody by handle or DID."""
    by = acting_of(request)
    form = InviteForm(host_of(request), by, posted(request), role=roles.Role.EDITOR)
    if not form.is_valid():
        return show_form(request, _INVITE, form)
    try:
        changes.spend(request, account)
        controller = people.look_up(account.host, form.cleaned_data["name"])
        people.invite(account, by, controller, form.grant, client_of(request).address)
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _INVITE, form, status_of(refusal))
    return changes.saved(request, "people")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_to(Deed.MANAGE_PEOPLE)
@with_fresh_proof
def one(request: HttpRequest, account: Account, delegation_id: int) -> HttpResponse:
    """`/account/people/<id>`: another role; sent with `remove`, an end to it."""
    found = next((e for e in people.of_account(account) if e.pk == delegation_id), None)
    if found is None:
        raise Http404
    kept: dict[str, Any] = {"role": found.role, "scope": found.scope, "seen": seen_of(found)}
    form = ControllerForm(host_of(request), acting_of(request), posted(request), **kept)
    shown = {"account": account, "delegation": found, "title": roles.TITLES[found.role]}
    if not form.is_valid():
        return show_form(request, _ONE, form, shown=shown)
    try:
        changes.spend(request, account)
        _change(request, account, form, found)
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _ONE, form, status_of(refusal), shown)
    return changes.saved(request, "people")


@never_cache
@require_safe
@for_signed_in
@open_to(Deed.SEE_PEOPLE)
def deeds(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/people/log`: what controllers did, the latest first; `before=` an id goes on."""
    found = log.of_account(account, row_numbers.read(request.GET.get("before", "")))
    names = {each.controller_did: each.name for each in people.of_account(account)}
    shown = {
        "host": host_of(request),
        "account": account,
        "deeds": [_told(each, names) for each in found],
        "before": found[-1].pk if len(found) == log.SHOWN_MAX else None,
    }
    return render(request, _LOG, shown)


def _change(
    request: HttpRequest, account: Account, form: ControllerForm, found: Delegation
) -> None:
    by, seen, address = acting_of(request), form.seen_row(found), client_of(request).address
    if "remove" in request.POST:
        people.remove(account, by, seen, address)
    else:
        people.change(account, by, seen, form.grant, address)


def _told(deed: DelegatedDeed, names: dict[str, str]) -> dict[str, Any]:
    """A line of the log, as the page has it."""
    is_commit, is_page = deed.deed == log.COMMIT, deed.deed.startswith(log.PAGE)
    return {
        "who": names.get(deed.controller_did, deed.controller_did),
        "at": deed.at,
        "count": deed.count,
        "records": deed.detail.splitlines() if is_commit else [],
        "page": deed.deed.removeprefix(log.PAGE) if is_page else "",
        "method": "" if is_commit or is_page else f"{deed.deed} {deed.detail}".strip(),
    }
