"""The places of the account centre, in order. One appears when its route exists.

A page belongs to the place whose address its own begins with: `/account/security/password` is in
Security.
"""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.pages.centre.signed_in import address

PLACES: Final[tuple[tuple[str, Promise], ...]] = (
    ("accounts:home", _("Home")),
    ("accounts:handle", _("Handle and address")),
    ("accounts:security", _("Security")),
    ("accounts:apps", _("Apps")),
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
    found = []
    for name, label in PLACES:
        try:
            href = address(request, name)
        except NoReverseMatch:
            continue
        is_home = name == "accounts:home"
        is_here = request.path == href if is_home else request.path.startswith(href)
        found.append(Link(label, href, is_here))
    return found
