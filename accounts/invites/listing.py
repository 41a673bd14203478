"""Lists of invite codes for staff and moderation services, and who invited whom.

Source: com.atproto.admin.getInviteCodes and getAccountInfo. A cursor says which order it belongs
to: `recent:<id>` or `usage:<uses>:<id>`, the last code of the page before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Q

from accounts.invites import code_texts
from accounts.models import (
    Account,
    InviteCode,
    InviteCodeQuerySet,
    InvitePermission,
    InviteUse,
)
from hosting.models import Host
from protocol.errors import InvalidRequest
from server.database import connection, model_rows, row_numbers
from server.database.prepared import BIGINT, TEXT, Question, Row, Statement, bigint, number

RECENT, USAGE = "recent", "usage"
_NO_ID = 2**63 - 1  # above all
_ANY = """
    SELECT EXISTS (SELECT FROM invite_code WHERE host_id = ANY (%s) AND for_account = ANY (%s))
    OR EXISTS (SELECT FROM invite_use u JOIN invite_code c ON c.id = u.code_id
        WHERE c.host_id = ANY (%s) AND u.used_by = ANY (%s))
"""


# Behind an account `a`: whether it may earn codes and the note with that, and `has_any`.
PERMISSION_COLUMNS = (
    "(SELECT p.is_disabled FROM invite_permission p WHERE p.account_id = a.id)",
    "(SELECT p.note FROM invite_permission p WHERE p.account_id = a.id)",
    "EXISTS (SELECT FROM invite_code i WHERE i.host_id = a.host_id AND i.for_account = a.did)"
    " OR EXISTS (SELECT FROM invite_use u JOIN invite_code i ON i.id = u.code_id"
    " WHERE i.host_id = a.host_id AND u.used_by = a.did)",
)


@dataclass(frozen=True)
class Page:
    """Some codes, their uses at hand, and where the next page begins (None: there is none)."""

    codes: list[InviteCode]
    cursor: str | None


def page(host: Host, sort: str, limit: int, cursor: str | None) -> Page:
    """A host's codes, the newest or the most used ones first. Raises InvalidRequest."""
    if sort not in (RECENT, USAGE):
        raise InvalidRequest(f"unknown sort method: {sort}")
    codes = InviteCode.objects.of(host).prefetch_related("uses")
    found = list(_after(codes, sort, cursor)[:limit])
    return Page(found, _cursor(sort, found[-1]) if len(found) == limit else None)


def ask_for_recent(
    host: Host, limit: int, cursor: str | None, condition: str, said: str
) -> Question:
    """What `recent` is told the answer of: the page of a host whose row meets an SQL condition on
    $1, its id, and $2, `said`. Raises InvalidRequest."""
    below = _numbers(RECENT, cursor)[0] if cursor else _NO_ID
    params = (bigint(host.pk), said.encode(), bigint(below), bigint(limit))
    return Question(_recent(condition), params)


def recent(rows: Sequence[Row], limit: int) -> dict[str, Any] | None:
    """The page as clients see it; None unless the host's row met the condition."""
    if not rows:
        return None
    found = [(code_texts.read(text), number(key)) for text, key in rows if text is not None]
    page = {"codes": [code for code, _ in found]}
    return {**page, "cursor": f"{RECENT}:{found[-1][1]}"} if len(found) == limit else page


@cache
def _recent(condition: str) -> Statement:
    return Statement(
        f"""
        SELECT {code_texts.JSON}, c.id FROM (SELECT {condition} AS is_met) m
        LEFT JOIN LATERAL (
            SELECT * FROM invite_code WHERE host_id = $1 AND id < $3 ORDER BY id DESC LIMIT $4
        ) c ON true WHERE m.is_met ORDER BY c.id DESC
        """,  # noqa: S608 - constants only
        (BIGINT, TEXT, BIGINT, BIGINT),
    )


def has_any(accounts: Collection[Account]) -> bool:
    """Whether any of these accounts has codes or came with one: most of most hosts do not."""
    hosts, dids = ({account.host_id for account in accounts}, {each.did for each in accounts})
    row = connection.row(_ANY, (list(hosts), list(dids)) * 2)
    return row is not None and bool(row[0])


def permissions(accounts: Collection[Account]) -> dict[int, InvitePermission]:
    """Whether accounts may earn codes, by the account's id, where somebody decided it."""
    columns = ", ".join(model_rows.columns(InvitePermission))
    sql = f"SELECT {columns} FROM invite_permission WHERE account_id = ANY (%s)"  # noqa: S608 - constants only
    rows = connection.rows(sql, ([account.pk for account in accounts],))
    found = (model_rows.instance(InvitePermission, row) for row in rows)
    return {permission.account_id: permission for permission in found}


def codes_for(accounts: Collection[Account]) -> dict[int, list[InviteCode]]:
    """The codes of accounts, by the account's id, eldest first. A code is its own host's."""
    wanted = {(account.host_id, account.did): account.pk for account in accounts}
    by_account: dict[int, list[InviteCode]] = {}
    codes = InviteCode.objects.filter(
        host__in={host_id for host_id, _did in wanted}, for_account__in={did for _, did in wanted}
    )
    for code in codes.prefetch_related("uses").order_by("id"):
        if account_id := wanted.get((code.host_id, code.for_account)):
            by_account.setdefault(account_id, []).append(code)
    return by_account


def inviters(accounts: Collection[Account]) -> dict[int, InviteCode]:
    """The code with which each account came, by the account's id."""
    wanted = {(account.host_id, account.did): account.pk for account in accounts}
    uses = InviteUse.objects.filter(
        code__host__in={host_id for host_id, _did in wanted}, used_by__in={did for _, did in wanted}
    )
    newest_first = uses.select_related("code").prefetch_related("code__uses").order_by("-id")
    came_with = {(use.code.host_id, use.used_by): use.code for use in newest_first}
    return {wanted[who]: code for who, code in came_with.items() if who in wanted}


def _after(codes: InviteCodeQuerySet, sort: str, cursor: str | None) -> InviteCodeQuerySet:
    numbers = _numbers(sort, cursor) if cursor else None
    if sort == RECENT:
        ordered = codes.order_by("-id")
        return ordered.filter(id__lt=numbers[0]) if numbers else ordered
    ordered = codes.order_by("-used_count", "-id")
    if not numbers:
        return ordered
    used_count, last_id = numbers
    return ordered.filter(Q(used_count__lt=used_count) | Q(used_count=used_count, id__lt=last_id))


def _cursor(sort: str, last: InviteCode) -> str:
    return f"{RECENT}:{last.pk}" if sort == RECENT else f"{USAGE}:{last.used_count}:{last.pk}"


def _numbers(sort: str, cursor: str) -> list[int]:
    name, *parts = cursor.split(":")
    numbers = [number for p in parts if (number := row_numbers.read(p)) is not None]
    if name != sort or not len(parts) == len(numbers) == (1 if sort == RECENT else 2):
        raise InvalidRequest("Malformed cursor")
    return numbers
