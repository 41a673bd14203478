"""What packages add to pages of an account: rows, and on the home page what needs attention.

A package that knows more than this one registers a function where its routes are made:

    @contributions.needs_attention
    def missing_blobs(request, account):
        if count := ...:
            yield Notice(_("..."), action=_("See them"), href=address(request, "data:blobs"))
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.functional import Promise

from accounts.models import Account

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that its owner should look after, in a sentence, and where."""

    text: Text
    action: Text
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """A matter: its name, its present value, and one action where there is one."""

    label: Text
    value: Text
    action: Text = ""
    href: str = ""


Notices = Callable[[HttpRequest, Account], Iterable[Notice]]
Rows = Callable[[HttpRequest, Account], Iterable[Row]]
_notices: Final[list[Notices]] = []
_rows: Final[list[tuple[int, frozenset[str], Rows]]] = []
HOME: Final = "home"
SECURITY: Final = "security"


def needs_attention(source: Notices) -> Notices:
    """Register a function that yields what needs attention, if anything."""
    _notices.append(source)
    return source


def has_rows(position: int, *pages: str) -> Callable[[Rows], Rows]:
    """Register a function that yields rows of some pages (HOME alone if none is said). `position`:
    the lower, the higher up; the places of navigation are ten apart."""
    shown_on = frozenset(pages or (HOME,))

    def registered(source: Rows) -> Rows:
        _rows.append((position, shown_on, source))
        return source

    return registered


def attention(request: HttpRequest, account: Account) -> list[Notice]:
    """All that needs attention."""
    return [notice for source in _notices for notice in source(request, account)]


def rows(request: HttpRequest, account: Account, page: str = HOME) -> list[Row]:
    """All rows of a page, in order."""
    ordered = sorted(_rows, key=lambda each: each[0])
    sources = [source for _position, pages, source in ordered if page in pages]
    return [row for source in sources for row in source(request, account)]
