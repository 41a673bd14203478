"""The places of the account centre, in order. One appears when its route exists and the
account may use it: who was taken down sees their state and what is left to them, a controller what
their role opens.

A page belongs to the place whose address its own begins with: `/account/security/password` is in
Security.
"""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.pages.centre.signed_in import (
    Page,
    Visit,
    address,
    is_open_to,
    may_use,
    visit_of,
)

_STATE: Final = "accounts:state"  # a place of who is not active
PLACES: Final[tuple[tuple[str, Promise], ...]] = (
    ("accounts:home", _("Home")),
    (_STATE, _("State")),
    ("accounts:handle", _("Handle and address")),
    ("accounts:security", _("Security")),
    ("accounts:apps", _("Apps")),
    ("accounts:people", _("People")),
    ("data:home", _("Data")),
    ("accounts:did", _("Identity")),
    ("accounts:close", _("Close account")),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A place, and whether the page is in it."""

    label: str | Promise
    href: str
    is_here: bool


def links(request: HttpRequest) -> list[Link]:
    """The places that there are, for the account of the page."""
    visit = visit_of(request)
    found = []
    for name, label in PLACES:
        try:
            href = address(request, name)
        except NoReverseMatch:
            continue
        is_open = _is_open(visit, resolve(href).func)
        if not is_open or (name == _STATE and visit.account.is_active):
            continue
        is_home = name == "accounts:home"
        is_here = request.path == href if is_home else request.path.startswith(href)
        found.append(Link(label, href, is_here))
    return found


def _is_open(visit: Visit, page: Page) -> bool:
    if visit.delegation is not None:
        return is_open_to(visit.delegation, page)
    return may_use(visit.account, page)
