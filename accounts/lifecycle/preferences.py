"""Preferences of an account: kept for its apps, replaced as a whole, read by their owner alone.

Source: app.bsky.actor.getPreferences and putPreferences. The birth date (personalDetailsPref) is
for the main password only: to an app password it is as if it were not there, so such a session can
neither read it, write it, nor erase it by leaving it out. `declaredAgePref` is computed from it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import orjson
from django.db import transaction

from accounts.models import Account, Preference
from accounts.status import lock_open
from protocol.errors import InvalidRequest

NAMESPACE: Final = "app.bsky"
PERSONAL_DETAILS: Final = "app.bsky.actor.defs#personalDetailsPref"
DECLARED_AGE: Final = "app.bsky.actor.defs#declaredAgePref"
MOST_AN_ACCOUNT = 1_000  # apps keep about a dozen
Item = dict[str, Any]


class ForeignPreference(InvalidRequest):
    """400: something that is no preference of this namespace."""


class PreferenceNotAllowed(InvalidRequest):
    """400: this session may not set it."""


def of_account(account: Account) -> list[Item]:
    """All of the owner's preferences, in their order, with the computed age."""
    stored = _rows(account).values_list("value", flat=True)
    items = [orjson.loads(text) for text in stored]  # noqa: TID251 - was read within bounds
    return items + _ages(items)


def open_to_apps(account: Account) -> list[Item]:
    """As `of_account`, without what is for the main password only."""
    return [item for item in of_account(account) if item["$type"] != PERSONAL_DETAILS]


def replace(account: Account, items: Sequence[Item]) -> None:
    """Put `items` in the place of all that there is. Raises ForeignPreference, AccountNotFound."""
    _check(items)
    _replace(account, items, kept=())


def replace_for_app(account: Account, items: Sequence[Item]) -> None:
    """As `replace`, by a session that does not see the personal details: those stay.

    Raises PreferenceNotAllowed too.
    """
    _check(items)
    if any(item["$type"] == PERSONAL_DETAILS for item in items):
        raise PreferenceNotAllowed(
            f"Do not have authorization to set preferences: {PERSONAL_DETAILS}"
        )
    _replace(account, items, kept=(PERSONAL_DETAILS,))


def count(account: Account) -> int:
    """How many items are kept (com.atproto.server.checkAccountStatus, privateStateValues)."""
    return account.preferences.count()


def _rows(account: Account) -> Any:
    return account.preferences.order_by("position")


def _check(items: Sequence[Item]) -> None:
    if len(items) > MOST_AN_ACCOUNT:
        raise InvalidRequest(f"An account can have at most {MOST_AN_ACCOUNT} preferences")
    for item in items:
        name = item.get("$type") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            raise ForeignPreference("Preference is missing a $type")
        if "\0" in name or not name.startswith(f"{NAMESPACE}."):
            raise ForeignPreference(f"Some preferences are not in the {NAMESPACE} namespace")


def _replace(account: Account, items: Sequence[Item], kept: Sequence[str]) -> None:
    """Under the account's lock, so that two apps that write at once leave one list, not a mix."""
    with transaction.atomic():
        locked = lock_open(account)
        staying = list(_rows(locked).filter(name__in=kept).values_list("name", "value"))
        written = [
            (item["$type"], orjson.dumps(item).decode())
            for item in items
            if item["$type"] != DECLARED_AGE
        ]
        locked.preferences.all().delete()
        Preference.objects.bulk_create(
            Preference(account=locked, position=position, name=name, value=value)
            for position, (name, value) in enumerate(staying + written)
        )


def _ages(items: Sequence[Item]) -> list[Item]:
    """The item that tells apps how old the owner says to be, and no more than that."""
    for item in items:
        if item["$type"] == PERSONAL_DETAILS and (born_on := _day(item.get("birthDate"))):
            age = _years_between(born_on, datetime.now(UTC).date())
            over = {f"isOverAge{limit}": age >= limit for limit in (13, 16, 18)}
            return [{"$type": DECLARED_AGE, **over}]
    return []


def _day(text: object) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if isinstance(text, str) else None
    except ValueError:  # a date of the wire that no clock here can hold
        return None


def _years_between(start: date, end: date) -> int:
    is_before_the_day = (end.month, end.day) < (start.month, start.day)
    return end.year - start.year - is_before_the_day
