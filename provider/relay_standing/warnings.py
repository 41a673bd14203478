"""What is amiss between a host and a relay, and the words for it."""

from enum import StrEnum
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from provider.models import RelayStanding

HOUR_MAX: Final = 2_500  # events that a relay takes of a host it knows nothing of; it adds its
DAY_MAX: Final = 20_000  # allowance of accounts, and ten times that (indigo, cmd/relay)
SECOND_MAX: Final = 50
NEAR: Final = 0.7
_BEHIND_MAX: Final = 1_000  # events


class Warned(StrEnum):
    """One thing that is amiss."""

    SILENT = "silent"
    UNKNOWN = "unknown"
    BANNED = "banned"
    OFFLINE = "offline"
    BEHIND = "behind"
    THROTTLED = "throttled"
    MISSING = "missing"
    NEAR_ALLOWANCE = "near_allowance"
    FAST = "fast"


SENTENCES: Final = {
    Warned.SILENT: "The relay does not answer.",
    Warned.UNKNOWN: "The relay does not know this host. Ask it again.",
    Warned.BANNED: "The relay has banned this host. Write to its operator.",
    Warned.OFFLINE: "The relay cannot reach this host. Check its address, then ask again.",
    Warned.BEHIND: "The relay has not read the newest events.",
    Warned.THROTTLED: "The relay drops what new accounts write. Ask for a higher limit.",
    Warned.MISSING: "The relay does not know some accounts. Announce them again.",
    Warned.NEAR_ALLOWANCE: "Most of the relay's allowance of accounts is used, and deleted accounts"
    " do not give theirs back. Ask for a higher limit before it is full.",
    Warned.FAST: "This host sends nearly as many events as the relay takes. Slow bulk work down.",
}


def of(standing: RelayStanding) -> list[str]:
    """What is amiss by the last answer, the gravest first."""
    throttled = standing.status == "throttled" or standing.throttled_count > 0
    found = {
        Warned.SILENT: bool(standing.error),
        Warned.UNKNOWN: standing.status == "unknown",
        Warned.BANNED: standing.status == "banned",
        Warned.OFFLINE: standing.status == "offline",
        Warned.BEHIND: standing.status == "active" and standing.behind_count > _BEHIND_MAX,
        Warned.THROTTLED: throttled,
        Warned.MISSING: standing.missing_count > 0,
        Warned.NEAR_ALLOWANCE: used(standing) >= NEAR and not throttled,
        Warned.FAST: is_fast(standing),
    }
    return [str(name) for name, holds in found.items() if holds]


def used(standing: RelayStanding) -> float:
    """The part of the allowance that is spent; 0 where nobody knows."""
    allowance = settings.RELAY_ALLOWANCE
    return (standing.account_count or 0) / allowance if allowance else 0.0


def is_fast(standing: RelayStanding) -> bool:
    """Whether our events come near what the relay takes in an hour or a day."""
    allowance = settings.RELAY_ALLOWANCE
    hour, day = HOUR_MAX + allowance, DAY_MAX + 10 * allowance
    return standing.hour_count >= NEAR * hour or standing.day_count >= NEAR * day


def request_text(standing: RelayStanding) -> str:
    """A letter to the relay's operator who is asked for higher limits, with the figures in it; in
    the language of whoever sends it."""
    host = standing.host
    tenant = host.tenant
    figures = {
        "host": host.hostname,
        "relay": standing.relay,
        "operator": tenant.operator or tenant.name,
        "contact": tenant.support_email or "-",
        "abuse": tenant.moderation_email or "-",
        "policies": f"{host.origin}/about",
        "admission": host.get_admission_display(),
        "accounts": standing.account_count or 0,
        "allowance": settings.RELAY_ALLOWANCE or "-",
        "sampled": standing.sampled_count,
        "throttled": standing.throttled_count,
        "hour": standing.hour_count,
        "day": standing.day_count,
        "status": standing.status or "-",
        "cursor": standing.seq,
        "own": standing.own_seq,
    }
    lines = [
        _("Please raise the limits of the PDS host %(host)s at %(relay)s."),
        "",
        _("Operator: %(operator)s"),
        _("Contact: %(contact)s; abuse: %(abuse)s"),
        _("Policies: %(policies)s"),
        _("Sign-up: %(admission)s"),
        _("Accounts that you have seen: %(accounts)s; allowance: %(allowance)s"),
        _("Of the %(sampled)s newest accounts, you throttle %(throttled)s."),
        _("Events in the last hour: %(hour)s; in the last day: %(day)s"),
        _("Your status of us: %(status)s; cursor %(cursor)s, ours %(own)s"),
    ]
    return "\n".join(line % figures for line in lines)
