"""Earned invite codes: those an account has, and those it gets by staying.

Source: com.atproto.server.getAccountInviteCodes, as the reference PDS answers it. One code for each
interval of the host since the account's first day, or since the host's epoch if that came later; at
most five unused ones at a time; gifts count for nothing. The account's row is locked meanwhile, so
that two requests at once earn what one would have earned.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import status
from accounts.invites import code_texts
from accounts.invites import codes as invites
from accounts.models import Account, InviteCode, InvitePermission, account_lookups
from hosting.models import Host
from server.database.prepared import TRUE, Question, Row, Statement

UNUSED_MAX = 5


def of_account(account: Account) -> list[InviteCode]:
    """Every code of an account, the disabled and the used ones too, eldest first."""
    codes = InviteCode.objects.of(account.host).filter(for_account=account.did)
    return list(codes.prefetch_related("uses").order_by("id"))


def may_earn(host: Host) -> bool:
    """Whether anybody earns codes there at all."""
    return host.has_invites_required and bool(host.invite_interval)


def ask(host: Host, did: str, session: str) -> Question:
    """What `shown` is told the answer of."""
    return Question(_own(), account_lookups.signed_in_params(host, did, session))


def shown(rows: Sequence[Row], *, with_used: bool) -> list[Any] | None:
    """The codes of a session's account as clients see them, without disabled ones; None unless the
    session stands."""
    if not rows:
        return None
    wanted = [text for text, is_used in rows if text and (with_used or is_used != TRUE)]
    return [code_texts.read(text) for text in wanted]


@cache
def _own() -> Statement:
    return Statement(
        f"""
        SELECT {code_texts.JSON}, c.used_count >= c.available_count FROM account a
        LEFT JOIN invite_code c
            ON c.host_id = a.host_id AND c.for_account = a.did AND NOT c.is_disabled
        WHERE {account_lookups.SIGNED_IN} ORDER BY c.id
        """,  # noqa: S608 - constants only
        account_lookups.SIGNED_IN_TYPES,
    )


def earn(account: Account) -> list[InviteCode]:
    """Make the codes that an account has earned by now; returns all it has, as `of_account`.

    An account that may not invite earns disabled ones: should it be allowed again, these intervals
    are spent. A host that asks for no codes gives none.
    """
    interval = account.host.invite_interval
    if not interval or not may_earn(account.host):
        return of_account(account)
    with transaction.atomic():
        locked = status.lock_open(account)
        earned = earned_count(locked, interval, of_account(locked), timezone.now())
        is_disabled = InvitePermission.objects.filter(account=locked, is_disabled=True).exists()
        InviteCode.objects.bulk_create(
            _own_code(locked, is_disabled=is_disabled) for _ in range(earned)
        )
        return of_account(locked)


def earned_count(
    account: Account, interval: timedelta, codes: list[InviteCode], now: datetime
) -> int:
    """How many codes an account may make at `now`, given those it has."""
    own = [code for code in codes if code.created_by != InviteCode.ADMIN]
    unused = [
        code for code in own if not code.is_disabled and code.used_count < code.available_count
    ]
    epoch = account.host.invite_epoch
    of_this_epoch = [code for code in own if epoch is None or code.created_at > epoch]
    intervals = _intervals(account, interval, now) - len(of_this_epoch)
    return max(0, min(UNUSED_MAX - len(unused), intervals))


def _intervals(account: Account, interval: timedelta, now: datetime) -> int:
    """Whole intervals of the account's life, without those that ended before the epoch."""
    epoch = account.host.invite_epoch
    lived = (now - account.created_at) // interval
    before = (epoch - account.created_at) // interval if epoch else 0
    return lived - max(0, before)


def _own_code(account: Account, *, is_disabled: bool) -> InviteCode:
    host: Host = account.host
    return InviteCode(
        host=host,
        code=invites.new_code(host),
        for_account=account.did,
        created_by=account.did,
        available_count=1,
        is_disabled=is_disabled,
    )
