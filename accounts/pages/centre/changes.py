"""What pages share that change an account: how often that may be, and what is said afterwards."""

from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.models import Account
from accounts.pages.centre.signed_in import Page, address
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, Budget, RateLimitExceeded, bucket
from hosting.tenancy.routing import host_of

CHANGES: Final = bucket("account-changes", Budget(60, HOUR_S), Budget(200, DAY_S))
_REFUSED: Final = "accounts/centre/refused.html"


def spend(request: HttpRequest, account: Account) -> None:
    """One change of the account, on whatever page. Raises RateLimitExceeded."""
    limits.attempt(request, CHANGES, host_of(request), account.did)


def counted(page: Page) -> Page:
    """A page of which whatever is sent to it is such a change; beyond the budget a page in its
    place says so. Innermost of its decorators."""

    @wraps(page)
    def shown(request: HttpRequest, account: Account, **more: Any) -> HttpResponseBase:
        if request.method != "POST":
            return page(request, account, **more)
        try:
            spend(request, account)
        except RateLimitExceeded as refusal:
            told = {"host": host_of(request), "account": account, "problem": refusal.for_page()}
            response = render(request, _REFUSED, told, status=refusal.status)
            for name, value in refusal.headers.items():
                response[name] = value
            return response
        return page(request, account, **more)

    return shown


def saved(request: HttpRequest, name: str) -> HttpResponseRedirect:
    """On to a page of the account, which says that it is saved."""
    return HttpResponseRedirect(f"{address(request, name)}?saved=1")
