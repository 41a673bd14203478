"""Preferences of an account: kept for its apps, replaced as a whole, read by their owner alone.

Source: app.bsky.actor.getPreferences and putPreferences. The birth date (personalDetailsPref) is
for the main password only: to an app password it is as if it were not there, so such a session can
neither read it, write it, nor erase it by leaving it out. `declaredAgePref` is computed from it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

import orjson
from django.db import transaction

from accounts.models import Account, Preference, account_lookups
from accounts.status import lock_open
from hosting.models import Host
from protocol.errors import InvalidRequest
from server.database import connection
from server.database.prepared import BIGINT, TEXT, Question, Row, Statement, bigint

NAMESPACE: Final = "app.bsky"
PERSONAL_DETAILS: Final = "app.bsky.actor.defs#personalDetailsPref"
DECLARED_AGE: Final = "app.bsky.actor.defs#declaredAgePref"
_TRUE: Final = b"\1"
_OF_ACCOUNT: Final = "SELECT value FROM account_preference WHERE account_id = %s ORDER BY position"
MOST_AN_ACCOUNT = 1_000  # apps keep about a dozen
Item = dict[str, Any]


class ForeignPreference(InvalidRequest):
    """400: something that is no preference of this namespace."""


class PreferenceNotAllowed(InvalidRequest):
    """400: this session may not set it."""


def of_account(account: Account) -> list[Item]:
    """All of the owner's preferences, in their order, with the computed age."""
    items = [_read(text) for (text,) in connection.rows(_OF_ACCOUNT, (account.pk,))]
    return items + _ages(items)


def open_to_apps(account: Account) -> list[Item]:
    """As `of_account`, without what is for the main password only."""
    return [item for item in of_account(account) if item["$type"] != PERSONAL_DETAILS]


def ask(host: Host, did: str, session: str) -> Question:
    """What `text_for` is told the answer of: the preferences of a session's account, open whatever
    its status."""
    return Question(_of_session(), (did.encode(), bigint(host.pk), session.encode()))


def text_for(found: Sequence[Row], *, is_main: bool) -> bytes | None:
    """The JSON list of `of_account`, or with `is_main` false of `open_to_apps`; None unless the
    session stands."""
    if not found or found[0][0] != _TRUE:
        return None
    details = PERSONAL_DETAILS.encode()
    stored = [(name == details, value) for _, name, value in found if name is not None]
    ages = _ages([_read(value) for is_personal, value in stored if is_personal])
    shown = [value for is_personal, value in stored if is_main or not is_personal]
    return b"[%b]" % b",".join([*shown, *map(orjson.dumps, ages)])


@cache
def _of_session() -> Statement:
    return Statement(
        f"""
        WITH owner AS MATERIALIZED (
            SELECT a.id, {account_lookups.is_live("a.id", "$3::uuid")} AS is_live
            FROM account a WHERE a.did = $1 AND a.host_id = $2 AND a.opened_at IS NOT NULL
        )
        SELECT o.is_live, p.name, p.value FROM owner o
        LEFT JOIN account_preference p ON p.account_id = o.id ORDER BY p.position
        """,  # noqa: S608 - constants only
        (TEXT, BIGINT, TEXT),
    )


def _read(text: str | bytes) -> Item:
    item: Item = orjson.loads(text)  # noqa: TID251 - was read within bounds
    return item


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


def acceptable(items: Sequence[Item]) -> list[Item]:
    """Those of another host's items that can be kept here, in their order."""
    return [item for item in items if _fault(item) is None][:MOST_AN_ACCOUNT]


def count(account: Account) -> int:
    """How many items are kept (com.atproto.server.checkAccountStatus, privateStateValues)."""
    return account.preferences.count()


def _check(items: Sequence[Item]) -> None:
    if len(items) > MOST_AN_ACCOUNT:
        raise InvalidRequest(f"An account can have at most {MOST_AN_ACCOUNT} preferences")
    for item in items:
        if fault := _fault(item):
            raise ForeignPreference(fault)


def _fault(item: Any) -> str | None:
    """Why something is no preference, if it is none."""
    name = item.get("$type") if isinstance(item, dict) else None
    if not isinstance(name, str) or not name:
        return "Preference is missing a $type"
    if "\0" in name or not name.startswith(f"{NAMESPACE}."):
        return f"Some preferences are not in the {NAMESPACE} namespace"
    return None


def _replace(account: Account, items: Sequence[Item], kept: Sequence[str]) -> None:
    """Under the account's lock, so that two apps that write at once leave one list, not a mix."""
    with transaction.atomic():
        locked = lock_open(account)
        stays = locked.preferences.filter(name__in=kept).order_by("position")
        staying = list(stays.values_list("name", "value"))
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
