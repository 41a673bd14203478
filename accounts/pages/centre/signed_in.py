"""Whose page it is: who is signed in in this browser, and which of them an address means.

Several people may be signed in in one browser. Each page has two addresses: `/account/security` is
that of whoever signed in last, `/account/u/alice.example/security` names the account. While one
account is signed in the short one will do; from the second on it leads to the long one, so that no
form acts for somebody else than it shows (docs/decisions/0038).

An address may also name an account that one of these people acts for: then the page is there if it
says which deed it is (`open_to`) and the role allows that (accounts.delegation.roles). What is sent
by it is written down for the owner (docs/decisions/0049).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from accounts.delegation import acting, log, roles
from accounts.delegation.roles import Deed
from accounts.models import Account, ControllerSession, Delegation, WebSession
from accounts.pages import cookies
from accounts.pages.cookies import WHO
from hosting.pages import next_page
from hosting.tenancy.routing import host_of

Page = Callable[..., HttpResponseBase]  # of the request, the account, and the address's other parts
_IS_OPEN: Final = "is_open_when_taken_down"  # of a view; decorators hand it on
_DEED: Final = "deed_of_controllers"  # likewise


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is signed in: their session, and all sessions of the browser.
    `delegation`: they act for another account, whose page it is."""

    session: WebSession | ControllerSession
    here: tuple[WebSession, ...]
    delegation: Delegation | None = None

    @property
    def account(self) -> Account:
        """Whose page it is."""
        if self.delegation is not None:
            return self.delegation.account
        return self.own_session.account

    @property
    def own_session(self) -> WebSession:
        """The session, of somebody with an account here. Raises Http404 for a visitor, whom no link
        leads to a page that asks for it."""
        if not isinstance(self.session, WebSession):
            raise Http404
        return self.session

    @property
    def others(self) -> list[Account]:
        """Who else is signed in in this browser."""
        return [each.account for each in self.here if each.pk != self.session.pk]

    @property
    def person(self) -> str:
        """How who is signed in is shown."""
        if isinstance(self.session, ControllerSession):
            return self.session.name
        return f"@{self.session.account.handle or self.session.account.did}"


def for_signed_in(page: Page) -> Page:
    """A page for who is signed in, and their account, or one that they act for; everybody else is
    sent to sign in, and comes back from there."""

    @wraps(page)
    def shown(request: HttpRequest, who: str = "", **more: Any) -> HttpResponseBase:
        here = tuple(cookies.sessions_of(request))
        session = next((each for each in here if not who or who in _names(each.account)), None)
        if session is None:
            return _as_controller(request, page, here, who, more)
        if not who and len(here) > 1:
            return HttpResponseRedirect(_with_name(request, session.account))
        request.visit = Visit(session, here)  # type: ignore[attr-defined]
        if not may_use(session.account, page):
            return go_to(request, "state")
        return page(request, session.account, **more)

    next_page.mark(shown)
    return shown


def _as_controller(
    request: HttpRequest, page: Page, here: tuple[WebSession, ...], who: str, more: dict[str, Any]
) -> HttpResponseBase:
    """The page of an account that somebody here acts for; for everybody else, the way in."""
    visit = _visit_of_controller(request, here, who) if who else None
    if visit is None or visit.delegation is None:
        sign_in = reverse("accounts:sign_in")
        return HttpResponseRedirect(next_page.with_next(sign_in, next_page.here(request)))
    request.visit = visit  # type: ignore[attr-defined]
    if not is_open_to(visit.delegation, page):
        shown = {"host": host_of(request), "account": visit.account}
        return render(request, "accounts/people/closed.html", shown, status=403)
    response = page(request, visit.account, **more)
    found = request.resolver_match
    if request.method == "POST" and response.status_code < 400 and found is not None:
        log.note(visit.delegation, f"{log.PAGE}{found.url_name}")
    return response


def _visit_of_controller(
    request: HttpRequest, here: tuple[WebSession, ...], who: str
) -> Visit | None:
    """By whichever session of the browser somebody acts for the account of that name."""
    people: dict[str, WebSession | ControllerSession] = {}
    if (visitor := cookies.visitor_of(request)) is not None:
        people[visitor.did] = visitor
    people |= {each.account.did: each for each in here if each.account.is_active}
    found = acting.find(host_of(request), list(people), who)
    return None if found is None else Visit(people[found.controller_did], here, found)


def open_to(deed: Deed) -> Callable[[Page], Page]:
    """Mark a page that is there for controllers whose role allows the deed. Every other one is
    closed to all of them."""

    def marked(page: Page) -> Page:
        setattr(page, _DEED, deed)
        return page

    return marked


def is_open_to(delegation: Delegation, page: Page) -> bool:
    """Whether a page is there for a controller."""
    return roles.may(delegation, getattr(page, _DEED, None))


def open_when_taken_down(page: Page) -> Page:
    """Mark a page that is there for people whose account was taken down, too: what they see of it,
    how they appeal, take their data and leave. Every other one leads to their state."""
    setattr(page, _IS_OPEN, True)
    return page


def may_use(account: Account, page: Page) -> bool:
    """Whether a page is there for the account, as its state is."""
    return account.taken_down_at is None or hasattr(page, _IS_OPEN)


def visit_of(request: HttpRequest) -> Visit:
    """The visit of a page that `for_signed_in` shows."""
    visit: Visit = request.visit  # type: ignore[attr-defined] # set there
    return visit


def is_still_signed_in(request: HttpRequest) -> bool:
    """Whether the visit's session stands and its account was not taken down since: a form with
    files may take hours to arrive."""
    session = visit_of(request).own_session
    return WebSession.objects.filter(pk=session.pk, account__taken_down_at=None).exists()


def acting_of(request: HttpRequest) -> Delegation | None:
    """By whom a page is asked for, if by a controller of its account; None: by its owner."""
    return visit_of(request).delegation


def is_of_account(request: HttpRequest) -> bool:
    """Whether somebody is signed in on this page."""
    return hasattr(request, "visit")


def address(request: HttpRequest, name: str, **more: Any) -> str:
    """The address of another page for the same account: `security`, or `other_app:page`."""
    found = request.resolver_match
    named = {WHO: found.kwargs[WHO]} if found is not None and WHO in found.kwargs else {}
    return reverse(name if ":" in name else f"accounts:{name}", kwargs={**named, **more})


def go_to(request: HttpRequest, name: str, **more: Any) -> HttpResponseRedirect:
    """Redirect to another page for the same account."""
    return HttpResponseRedirect(address(request, name, **more))


def name_of(account: Account) -> str:
    """How an address names an account."""
    return account.handle or account.did


def _names(account: Account) -> tuple[str | None, str]:
    return account.handle, account.did


def _with_name(request: HttpRequest, account: Account) -> str:
    """The same address, naming the account."""
    found = request.resolver_match
    if found is None:  # there is one for every view
        raise ValueError("A page without a route")
    path = reverse(found.view_name, kwargs={**found.kwargs, WHO: name_of(account)})
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path
