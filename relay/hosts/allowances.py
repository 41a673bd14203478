"""What a host may do at the relay: accounts, and events per second, hour and day.

Source: the defaults of indigo's relay, which hosts know; they grow with the account limit.
"""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

ACCOUNTS: Final = 100
TRUSTED_ACCOUNTS: Final = 10_000_000
NEW_HOSTS_A_DAY: Final = 50
ALERT_SHARE: Final = 0.8  # of the account limit


@dataclass(frozen=True, slots=True)
class Rates:
    """How many events a host may send."""

    per_second: int
    per_hour: int
    per_day: int


_TRUSTED_RATES: Final = Rates(5_000, 50_000_000, 500_000_000)


def rates(account_limit: int, *, is_trusted: bool) -> Rates:
    """The rates of a host with this account limit."""
    if is_trusted:
        return _TRUSTED_RATES
    return Rates(
        50 + account_limit // 1_000,
        2_500 + account_limit,
        20_000 + 10 * account_limit,
    )


def is_trusted_name(hostname: str) -> bool:
    """Whether GROVE_RELAY_TRUSTED names the host, or a suffix of it: `host.example`, and with a dot
    in front (`.host.example`) every host below it."""
    name = hostname.partition(":")[0]
    return any(
        name.endswith(each) if each.startswith(".") else name == each
        for each in settings.RELAY_TRUSTED
    )


def account_limit(*, is_trusted: bool) -> int:
    """With how many accounts a host begins."""
    return TRUSTED_ACCOUNTS if is_trusted else ACCOUNTS
