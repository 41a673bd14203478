"""Next page: where somebody was going when they were asked to sign in, or to prove who they are.

It travels in the address as `next`, from one page of a sign-in to the other. Whoever makes a link
chooses what stands there, so only pages of an account at this very host are followed: a path of one
of our routes that may be asked for by GET. Everything else leads to the home page.
"""

import inspect
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote, urlencode, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve, reverse

FIELD: Final = "next"
MAX_CHARS: Final = 2_048
_IS_ACCOUNT_PAGE: Final = "is_account_page"  # decorators hand it on (functools.wraps)


def is_path(page: str) -> bool:
    """Whether it is a path of this very host, whoever wrote it: nothing that a browser takes for
    the address of another one."""
    path = unquote(page.partition("?")[0])
    is_local = page.startswith("/") and "//" not in path and "\\" not in unquote(page)
    return is_local and page.isascii() and len(page) <= MAX_CHARS and unquote(page).isprintable()


def mark(view: Callable[..., Any]) -> None:
    """Say of a view that it is a page of an account."""
    setattr(view, _IS_ACCOUNT_PAGE, True)


def wanted(request: HttpRequest, **parts: Collection[str | None]) -> str:
    """Where they were going; empty when nowhere, or nowhere that we follow. `parts` of the route
    have one of these values where they are there: `who` keeps out pages of somebody else."""
    given = request.GET.get(FIELD, "")
    found = _match(given)
    is_followed = found is not None and all(
        name not in found.kwargs or found.kwargs[name] in values for name, values in parts.items()
    )
    return given if is_followed else ""


def here(request: HttpRequest) -> str:
    """The page that is asked for, or for what was sent the page where it was filled in; empty for
    one that is not followed."""
    is_sent = request.method not in ("GET", "HEAD")
    sent_from = urlsplit(request.headers.get("Referer", "")).path
    page = sent_from if is_sent and sent_from else request.get_full_path()
    return page if _match(page) else ""


def with_next(address: str, page: str) -> str:
    """An address with where to go from there; the home page is where one goes anyway."""
    is_named = page and page != reverse("accounts:home")
    return f"{address}?{urlencode({FIELD: page})}" if is_named else address


def _match(page: str) -> ResolverMatch | None:
    """The route of a page that we follow."""
    if not is_path(page):
        return None
    with suppress(Resolver404):
        found = resolve(unquote(page.partition("?")[0]))
        if getattr(found.func, _IS_ACCOUNT_PAGE, False) and _takes_get(found.func):
            return found
    return None


def _takes_get(view: Callable[..., Any] | None) -> bool:
    """Whether no decorator of Django's (`require_POST`) keeps GET away."""
    while view is not None:
        methods = inspect.getclosurevars(view).nonlocals.get("request_method_list")
        if methods is not None:
            return "GET" in methods
        view = getattr(view, "__wrapped__", None)
    return True
