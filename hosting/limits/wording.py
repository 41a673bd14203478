"""Rate-limit refusals in a person's words."""

import math

from django.utils.translation import ngettext

from hosting.limits.budgets import RateLimitExceeded


def too_many(refusal: RateLimitExceeded) -> str:
    """With the time of `Retry-After`, rounded up to minutes or hours."""
    minutes = math.ceil(int(refusal.headers["Retry-After"]) / 60)
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
