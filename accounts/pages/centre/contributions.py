"""What packages add to the home page of an account: rows, and what needs attention.

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
_rows: Final[list[tuple[int, Rows]]] = []


def needs_attention(source: Notices) -> Notices:
    """Register a function that yields what needs attention, if anything."""
    _notices.append(source)
    return source


def has_rows(position: int) -> Callable[[Rows], Rows]:
    """Register a function that yields rows of the home page. `position`: the lower, the higher up;
    the places of navigation are ten apart."""

    def registered(source: Rows) -> Rows:
        _rows.append((position, source))
        return source

    return registered


def attention(request: HttpRequest, account: Account) -> list[Notice]:
    """All that needs attention."""
    return [notice for source in _notices for notice in source(request, account)]


def rows(request: HttpRequest, account: Account) -> list[Row]:
    """All rows, in order."""
    ordered = sorted(_rows, key=lambda each: each[0])
    return [row for _position, source in ordered for row in source(request, account)]
