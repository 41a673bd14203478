"""For whom somebody acts: invitations, accounts, and an end to it.

A page of the person: with an account of this host, or a visitor's session (`visiting`).
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.delegation import acting, people, roles
from accounts.models import Account, Delegation
from accounts.pages import cookies
from accounts.pages.centre import contributions
from accounts.pages.centre.contributions import Notice, Row
from accounts.pages.centre.signed_in import address, for_signed_in
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from server.database import row_numbers

_PAGE: Final = "accounts/people/acting.html"
Shown = Callable[[HttpRequest, str], HttpResponse]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
def own(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/acting`: of who has an account here."""
    return _page(request, account.did if account.is_active else "", {"account": account})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def visitors(request: HttpRequest) -> HttpResponse:
    """`/account/visit/accounts`: of who lives at another host."""
    visitor = cookies.visitor_of(request)
    if visitor is None:
        return redirect("accounts:visit")
    return _page(request, visitor.did, {"visitor": visitor})


@require_POST
def end_visit(request: HttpRequest) -> HttpResponse:
    """`/account/visit/end`: sign a visitor out."""
    response = redirect("accounts:visit")
    cookies.end_visit(request, response)
    return response


def _page(request: HttpRequest, did: str, whose: dict[str, Any]) -> HttpResponse:
    """What waits and what is; sent with `accept` or `leave`, the answer."""
    host, status = host_of(request), 200
    shown: dict[str, Any] = {"host": host, **whose}
    if request.method == "POST" and did:
        try:
            _answer(request, did)
            return HttpResponseRedirect(f"{request.path}?saved=1")
        except XrpcError as refusal:
            status, shown["problem"] = 422, refusal.for_page()
    dids = [did] if did else []
    shown["invitations"] = _described(acting.invitations(host, dids))
    shown["accounts"] = _described(acting.of_people(host, dids))
    return render(request, _PAGE, shown, status=status)


def _answer(request: HttpRequest, did: str) -> None:
    deed = "accept" if "accept" in request.POST else "leave"
    text = request.POST.get(deed, "")
    if (number := row_numbers.read(text)) is None:
        raise acting.NotInvited
    getattr(acting, deed)(host_of(request), did, number)


def _described(found: list[Delegation]) -> list[dict[str, Any]]:
    return [
        {"row": each, "title": roles.TITLES[each.role], "meaning": roles.MEANINGS[each.role]}
        for each in found
    ]


@contributions.needs_attention
def open_invitations(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """Invitations that wait for an answer."""
    for each in acting.invitations(account.host, [account.did])[:3]:
        name = each.account.handle or each.account.did
        text = _("You are invited to act for @%s.")
        yield Notice(text % name, _("Answer"), address(request, "acting"))


@contributions.has_rows(55)
def home_row(request: HttpRequest, account: Account) -> Iterator[Row]:
    """Who acts for the account, and for whom its person does."""
    count = sum(each.accepted_at is not None for each in people.of_account(account))
    value = str(count) if count else _("nobody but you")
    yield Row(_("People who act for you"), value, _("Manage"), address(request, "people"))
    mine = acting.of_people(account.host, [account.did])
    if mine:
        value = ", ".join(f"@{each.account.handle or each.account.did}" for each in mine[:5])
        yield Row(_("You act for"), value, _("Look through"), address(request, "acting"))
