"""Budgets of points in windows of time, and how much of one remains.

Source: the buckets that clients of atproto servers meet; `RateLimit-*` as in
draft-ietf-httpapi-ratelimit-headers (the form with four headers), `Retry-After` RFC 9110.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import ngettext

from protocol.errors import XrpcError
from server.net.client_networks import WIDE_TIMES

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Budget:
    """So many points in a window of so many seconds; a window begins with its first attempt."""

    limit: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """One kind of attempt and all budgets that hold for it.

    `slack` is how many points one process may count for itself before it tells Valkey; 0 asks
    Valkey about every attempt (docs/decisions/0024).
    """

    name: str
    budgets: tuple[Budget, ...]
    slack: int = 0

    @property
    def wide(self) -> "Bucket":
        """What the network around (server.net.client_networks.wide_network) may spend: ten times as
        much."""
        return _widened(self)


@lru_cache(maxsize=500)
def _widened(bucket: Bucket) -> Bucket:
    budgets = tuple(Budget(each.limit * WIDE_TIMES, each.window_s) for each in bucket.budgets)
    return Bucket(f"{bucket.name}-wide", budgets, bucket.slack * WIDE_TIMES)


@dataclass(frozen=True, slots=True)
class Charge:
    """Points to be taken from a bucket of somebody (a DID, a network, a name and a network)."""

    bucket: Bucket
    who: tuple[str, ...]
    points: int = 1


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What is left of a budget, and when (unix seconds) it is whole again."""

    budget: Budget
    remaining: int
    resets_at: int

    @property
    def headers(self) -> Mapping[str, str]:
        """The four headers that every limited answer carries."""
        return {
            "RateLimit-Limit": str(self.budget.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.resets_at),
            "RateLimit-Policy": f"{self.budget.limit};w={self.budget.window_s}",
        }


class RateLimitExceeded(XrpcError):
    """429: too many attempts; `resets_at` (unix seconds) is when the next may be made."""

    name = "RateLimitExceeded"
    status = 429

    def __init__(self, budget: Budget, resets_at: int) -> None:
        super().__init__("Rate Limit Exceeded")
        self.budget = budget
        self.resets_at = resets_at

    @property
    def headers(self) -> Mapping[str, str]:
        """What a client needs to wait for the right time."""
        wait_s = max(1, self.resets_at - int(time.time()))
        return {**BudgetState(self.budget, 0, self.resets_at).headers, "Retry-After": str(wait_s)}

    def for_page(self) -> str:
        """With the time of `Retry-After`, rounded up to minutes or hours."""
        minutes = math.ceil(int(self.headers["Retry-After"]) / 60)
        if minutes < 120:
            return ngettext(
                "Too many attempts. Try again in %(count)s minute.",
                "Too many attempts. Try again in %(count)s minutes.",
                minutes,
            ) % {"count": minutes}
        hours = math.ceil(minutes / 60)
        return ngettext(
            "Too many attempts. Try again in %(count)s hour.",
            "Too many attempts. Try again in %(count)s hours.",
            hours,
        ) % {"count": hours}
