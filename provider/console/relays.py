"""How the relays stand with a host, in words for people (provider.relay_standing)."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy

from hosting.models import Host
from provider.relay_standing import checks, warnings
from provider.relay_standing.warnings import Warned

_SAID: Final = {
    Warned.SILENT: gettext_lazy("does not answer"),
    Warned.UNKNOWN: gettext_lazy("does not know this host: ask it again"),
    Warned.BANNED: gettext_lazy("has banned this host: write to its operator"),
    Warned.OFFLINE: gettext_lazy("cannot reach this host: check its address, then ask again"),
    Warned.BEHIND: gettext_lazy("has not read the newest events"),
    Warned.THROTTLED: gettext_lazy("drops what new accounts write: ask for a higher limit"),
    Warned.MISSING: gettext_lazy("does not know some accounts: announce them again"),
    Warned.NEAR_ALLOWANCE: gettext_lazy("will soon take no more accounts: ask for a higher limit"),
    Warned.FAST: gettext_lazy("takes hardly more events: slow bulk work down"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one relay stands with the host, in words, and the letter that asks it for more."""

    relay: str
    status: str
    checked_at: Any
    warnings: list[str]
    letter: str


def standings_of(host: Host) -> list[Standing]:
    """How the relays stand with a host, as last noted."""
    return [
        Standing(
            each.relay,
            each.status,
            each.checked_at,
            [str(_SAID[Warned(word)]) for word in each.warnings if word in _SAID],
            warnings.request_text(each) if each.warnings else "",
        )
        for each in checks.of_host(host)
    ]
