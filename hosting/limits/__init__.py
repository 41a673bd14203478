"""How often somebody may try: passwords by name and address, sign-ups by address, reads, writes.

`spend` takes points of buckets and refuses when one of them is used up; all that a request is
charged for is taken together or not at all. Counters live in Valkey for all processes; while it is
away each process counts for itself, so that nobody is locked out and nobody guesses for free.
Exactness and cost: docs/decisions/0024.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest

from hosting.limits.budgets import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    Bucket,
    Budget,
    Charge,
    RateLimitExceeded,
    Standing,
)
from hosting.limits.exemptions import is_exempt, network_of
from hosting.limits.ledger import Ledger
from hosting.limits.store import Store
from hosting.models import Host
from hosting.networks import network
from protocol.errors import XrpcError

__all__ = [
    "DAY_S", "GUESSES", "HOUR_S", "LOGIN", "MINUTE_S", "REQUEST_PASSWORD_RESET", "RESET_PASSWORD",
    "SIGN_UP", "STAFF_LOGIN", "Bucket", "Budget", "Charge", "Ledger", "RateLimitExceeded",
    "Standing", "Store", "attempt", "give_back", "guessing", "is_exempt", "network", "network_of",
    "spend", "spend_charges",
]  # fmt: skip

_PASSWORDS = (Budget(30, 5 * MINUTE_S), Budget(300, DAY_S))
LOGIN = Bucket("login", _PASSWORDS)
STAFF_LOGIN = Bucket("staff-login", _PASSWORDS)
SIGN_UP = Bucket("sign-up", (Budget(100, 5 * MINUTE_S),))
REQUEST_PASSWORD_RESET = Bucket("request-password-reset", (Budget(15, HOUR_S), Budget(50, DAY_S)))
RESET_PASSWORD = Bucket("reset-password", (Budget(50, 5 * MINUTE_S),))
# Wrong passwords of one network, whatever names it tries them on
GUESSES = Bucket("guesses", (Budget(100, 5 * MINUTE_S), Budget(1_000, DAY_S)))

_ledger = Ledger(Store())


def spend(bucket: Bucket, host: Host, *who: str) -> None:
    """One attempt of `who` (names in any letter case, addresses) at a host. Raises
    RateLimitExceeded."""
    if settings.RATE_LIMITS:
        folded = tuple(network(name.strip().lower()) for name in who)
        _ledger.spend(host.pk, [Charge(bucket, folded)])


def attempt(request: HttpRequest, bucket: Bucket, host: Host, *who: str) -> None:
    """One attempt by whoever sends a page's form: `who` and the client's network, unless it is
    exempt. Raises RateLimitExceeded."""
    if not is_exempt(request):
        spend(bucket, host, *who, request.META.get("REMOTE_ADDR", ""))


def spend_charges(host: Host, charges: Sequence[Charge]) -> Standing:
    """Take all charges or none; how the tightest budget stands. Raises RateLimitExceeded."""
    return _ledger.spend(host.pk, charges)


def give_back(host: Host, charges: Sequence[Charge]) -> None:
    """Undo a spend."""
    _ledger.give_back(host.pk, charges)


@contextmanager
def guessing(request: HttpRequest, host: Host, wrong: type[XrpcError]) -> Iterator[None]:
    """An attempt at a password: it counts against the client's network if `wrong` is raised within,
    so that trying one password on many names has an end. Raises RateLimitExceeded."""
    if is_exempt(request):
        yield
        return
    charges = [Charge(GUESSES, (network_of(request),))]
    _ledger.spend(host.pk, charges)
    is_wrong = False
    try:
        yield
    except wrong:
        is_wrong = True
        raise
    finally:
        if not is_wrong:
            _ledger.give_back(host.pk, charges)
