"""Limits of staff: how many accounts one moderator takes down in an hour, and the like.

A tenant sets them action by action; owners, and whoever is given an owner's say, have none. What
was done is counted in the audit log itself, before the next entry is written (moderation.audit), so
they hold on every way: pages, bulk actions, commands.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

import structlog
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, Member, StaffUser
from moderation.models import ActionLimit, AuditEntry
from protocol.errors import XrpcError

Action = AuditEntry.Action
MOST: Final = 1_000_000
LIMITED: Final = (
    Action.ACCOUNT_TAKE_DOWN,
    Action.RECORD_TAKE_DOWN,
    Action.BLOB_TAKE_DOWN,
    Action.ACCOUNT_SUSPEND,
    Action.ACCOUNT_WARN,
    Action.ACCOUNT_STRIKE,
    Action.ACCOUNT_REMOVE_HANDLE,
    Action.ACCOUNT_BLOCK_UPLOADS,
    Action.ACCOUNT_END_PASSWORD,
    Action.LABEL_PUT,
    Action.LABEL_NEGATE,
    Action.CASE_CLOSE,
    Action.EVIDENCE_DOWNLOAD,
)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

logger = structlog.stdlib.get_logger(__name__)


class PerMember(NamedTuple):
    """How often one member of staff takes an action; None: as often as they like."""

    an_hour: int | None = None
    a_day: int | None = None


class ActionLimitReached(XrpcError):
    """429: this member of staff has done so as often as their tenant wants."""

    name = "RateLimitExceeded"
    status = 429
    message = "You have taken this action as often as your tenant allows"
    page_text = _(
        "You have taken this action as often as your tenant allows. An owner can allow more."
    )


def of_tenant(tenant_id: int) -> dict[str, PerMember]:
    """What holds for each action of LIMITED."""
    rows = ActionLimit.objects.filter(tenant=tenant_id)
    own = {each.action: PerMember(each.an_hour, each.a_day) for each in rows}
    return {str(action): own.get(action, PerMember()) for action in LIMITED}


def write(tenant_id: int, wanted: Mapping[str, PerMember]) -> None:
    """Put these in the place of the tenant's own, in the caller's transaction."""
    ActionLimit.objects.filter(tenant=tenant_id).delete()
    ActionLimit.objects.bulk_create(
        ActionLimit(tenant_id=tenant_id, action=action, **limit._asdict())
        for action, limit in wanted.items()
        if action in LIMITED and limit != PerMember()
    )


def check(staff: StaffUser, host: Host, action: str) -> None:
    """Refuse one more entry of an action, in the caller's transaction. Raises ActionLimitReached.

    The member's row is locked until its end: of two requests at once one counts the other.
    """
    limit = ActionLimit.objects.filter(tenant=host.tenant_id, action=action).first()
    if limit is None or not _is_limited(staff, host):
        return
    for most, within in ((limit.an_hour, _HOUR), (limit.a_day, _DAY)):
        if most is not None and _count(staff, host, action, within, most) >= most:
            logger.warning("staff limit reached", staff=staff.pk, kind=str(action), count=most)
            raise ActionLimitReached


def _is_limited(staff: StaffUser, host: Host) -> bool:
    rows = Member.objects.filter(tenant=host.tenant_id, user=staff)
    member = rows.select_for_update(no_key=True).first()
    return member is not None and member.role != Member.Role.OWNER


def _count(staff: StaffUser, host: Host, action: str, within: timedelta, most: int) -> int:
    """How many there were lately, no further than to `most`."""
    done = AuditEntry.objects.filter(
        staff=staff,
        action=action,
        created_at__gt=timezone.now() - within,
        host__tenant=host.tenant_id,
    )
    begun = (AuditEntry.Stage.WHOLE, AuditEntry.Stage.BEGUN)
    return len(done.filter(stage__in=begun).values_list("pk", flat=True)[:most])
