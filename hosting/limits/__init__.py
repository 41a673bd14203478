"""Rate limits: passwords by name and address, sign-ups by address, reads, writes.

`spend` takes points of buckets and refuses when one of them is used up; all that a request is
charged for is taken together or not at all. Counters live in Valkey for all processes; while it is
away each process counts for itself, so that nobody is locked out and nobody guesses for free.
Exactness and cost: docs/decisions/0024.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest

from hosting.limits.at_once import ConcurrencyLimit
from hosting.limits.buckets import (
    ACCOUNT_GUESSES,
    GUESSES,
    GUESSES_UNDER_ATTACK,
    IMPORT_REPO,
    LOGIN,
    REQUEST_CRAWL,
    REQUEST_PASSWORD_RESET,
    REQUESTS,
    RESET_PASSWORD,
    SIGN_UP,
    STAFF_GUESSES,
    STAFF_LOGIN,
    STATIC_FILES,
    UPLOAD_BLOB,
    WRITES,
    bucket,
)
from hosting.limits.budgets import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    Bucket,
    Budget,
    BudgetState,
    Charge,
    RateLimitExceeded,
)
from hosting.limits.exemptions import is_exempt, is_exempt_client, network_of
from hosting.limits.lately_refused import Refused
from hosting.limits.ledger import Ledger
from hosting.limits.store import Store
from hosting.models import Host
from server.net.client_networks import network, wide_network

__all__ = [
    "ACCOUNT_GUESSES", "DAY_S", "GUESSES", "GUESSES_UNDER_ATTACK", "HOUR_S", "IMPORT_REPO",
    "LOGIN", "MINUTE_S", "REQUESTS", "REQUEST_CRAWL",
    "REQUEST_PASSWORD_RESET", "RESET_PASSWORD", "SIGN_UP",
    "STAFF_GUESSES", "STAFF_LOGIN", "STATIC_FILES", "UPLOAD_BLOB", "WRITES", "Bucket", "Budget",
    "BudgetState", "Charge", "ConcurrencyLimit", "Ledger", "RateLimitExceeded", "Store", "attempt",
    "bucket", "charge_later", "charges", "is_exempt", "is_exempt_client", "logging_in", "network",
    "network_of", "note", "note_at", "refund", "refusal_of", "refused", "spend", "spend_charges",
    "staff_logging_in",
]  # fmt: skip

PLATFORM = 0  # in place of a host's id: counted at all hosts together

refused = Refused()  # at the dispatcher
LEDGER = Ledger(Store())


def charges(
    bucket: Bucket, names: tuple[str, ...], network: str, points: int = 1
) -> tuple[Charge, ...]:
    """What an attempt by `names` (in any letter case) from a network costs: points of the network,
    and of the wider one around it, which has ten times as many."""
    folded = tuple(name.strip().lower() for name in names)
    narrow = Charge(bucket, (*folded, network), points)
    wide = wide_network(network)
    return (narrow,) if wide == network else (narrow, Charge(bucket.wide, (*folded, wide), points))


def spend(bucket: Bucket, host: Host | None, *who: str) -> None:
    """One attempt of `who` (names in any letter case, the last may be an address) at a host; None:
    at the platform. Raises RateLimitExceeded."""
    if settings.RATE_LIMITS:
        last = network(who[-1].strip().lower())
        LEDGER.spend(_id_of(host), charges(bucket, who[:-1], last))


def attempt(request: HttpRequest, bucket: Bucket, host: Host, *who: str) -> None:
    """One attempt by whoever sends a page's form: `who` and the client's network, unless it is
    exempt. Raises RateLimitExceeded."""
    if not is_exempt(request):
        LEDGER.spend(host.pk, charges(bucket, who, network_of(request)))


def note(charges: Sequence[Charge]) -> BudgetState:
    """Take charges at the platform without waiting for anything, as the event loop must; how the
    tightest budget stands. Raises RateLimitExceeded."""
    return LEDGER.note(PLATFORM, charges)


def note_at(host: Host, charges: Sequence[Charge]) -> BudgetState:
    """As `note`, at a host."""
    return LEDGER.note(host.pk, charges)


def refusal_of(charges: Sequence[Charge]) -> RateLimitExceeded | None:
    """What `note` would raise now, if anything; nothing is taken."""
    return LEDGER.refusal_of(PLATFORM, charges)


def spend_charges(host: Host | None, charges: Sequence[Charge]) -> BudgetState:
    """Take all charges or none; how the tightest budget stands. Raises RateLimitExceeded."""
    return LEDGER.spend(_id_of(host), charges)


def refund(host: Host | None, charges: Sequence[Charge]) -> None:
    """Undo a spend."""
    LEDGER.refund(_id_of(host), charges)


def charge_later(host_id: int, charges: Sequence[Charge]) -> None:
    """Take charges for what is done already, beyond what was left if need be: the next attempts
    are refused until the window is over."""
    if settings.RATE_LIMITS:
        owed = [Charge(each.bucket, each.who, -each.points) for each in charges]
        LEDGER.refund(host_id, owed)


@contextmanager
def logging_in(
    request: HttpRequest, host: Host, who: str, wrong: type[Exception]
) -> Iterator[BudgetState | None]:
    """An attempt at the password of `who`: an account as its credentials are counted
    (accounts.authentication.credentials.counted_as), else the name that was tried.

    Each counts for that name and network. If `wrong` is raised within, it counts as a wrong guess
    of the network, whatever name it was, and of the account, wherever it came from. All of it is
    taken together, so that a refusal leaves nothing behind. Raises RateLimitExceeded.
    """
    if is_exempt(request):
        yield None
        return
    here = network_of(request)
    at_stake = charges(GUESSES, (), here)
    state = LEDGER.spend(host.pk, [*charges(LOGIN, (who,), here), *at_stake])
    at_stake += _for_the_account(host, who, here)
    with _given_back_unless(wrong, host, at_stake):
        yield state


@contextmanager
def staff_logging_in(request: HttpRequest, name: str, wrong: type[Exception]) -> Iterator[None]:
    """An attempt at the password of a member of staff, counted for the platform: at all hosts
    together, by name and network, and if `wrong` is raised, for the network over all names. Raises
    RateLimitExceeded."""
    if is_exempt(request):
        yield
        return
    here = network_of(request)
    at_stake = charges(STAFF_GUESSES, (), here)
    LEDGER.spend(PLATFORM, [*charges(STAFF_LOGIN, (name,), here), *at_stake])
    with _given_back_unless(wrong, None, at_stake):
        yield


def _for_the_account(host: Host, who: str, here: str) -> tuple[Charge, ...]:
    """One guess at an account from anywhere. When too many were wrong, each network has a few left
    instead: never none, or anybody could lock the owner out."""
    everywhere = (Charge(ACCOUNT_GUESSES, (who,)),)
    try:
        LEDGER.spend(host.pk, everywhere)
    except RateLimitExceeded:
        few = (Charge(GUESSES_UNDER_ATTACK, (who, wide_network(here))),)
        LEDGER.spend(host.pk, few)
        return few
    return everywhere


@contextmanager
def _given_back_unless(
    wrong: type[Exception], host: Host | None, at_stake: Sequence[Charge]
) -> Iterator[None]:
    is_wrong = False
    try:
        yield
    except wrong:
        is_wrong = True
        raise
    finally:
        if not is_wrong:
            refund(host, at_stake)


def _id_of(host: Host | None) -> int:
    return PLATFORM if host is None else host.pk
