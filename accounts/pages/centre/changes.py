"""What pages share that change an account: how often that may be, and what is said afterwards."""

from typing import Final

from django.http import HttpRequest, HttpResponseRedirect

from accounts.models import Account
from accounts.pages.centre.signed_in import address
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, Budget, bucket
from hosting.tenancy.routing import host_of

CHANGES: Final = bucket("account-changes", Budget(60, HOUR_S), Budget(200, DAY_S))


def spend(request: HttpRequest, account: Account) -> None:
    """One change of the account, on whatever page. Raises RateLimitExceeded."""
    limits.attempt(request, CHANGES, host_of(request), account.did)


def saved(request: HttpRequest, name: str) -> HttpResponseRedirect:
    """On to a page of the account, which says that it is saved."""
    return HttpResponseRedirect(f"{address(request, name)}?saved=1")
