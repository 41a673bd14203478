"""The audit log: every verb of staff, of the admin API and of the moderation service ends
in one entry, in the transaction that did it; an action that leaves the transaction has two.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from django.db import connection, transaction

from accounts.models import Account
from hosting.models import Host, StaffUser
from moderation import action_limits
from moderation.models import AuditEntry
from server.database import model_rows

ADMIN: Final = "admin"  # whoever knows the host's admin password
OPERATOR: Final = "operator"  # whoever has a shell of the platform's
TENANTS_API: Final = "api:"  # of the REST API; then its name
PLATFORMS_API: Final = "platform-api:"
REASON_MAX_CHARS = 2000

# A member of staff, or the text by which the admin API knows who calls: `admin` or a DID.
Actor = StaffUser | str


def record(  # noqa: PLR0913 - an entry has that many columns
    actor: Actor,
    account: Account,
    action: AuditEntry.Action,
    reason: str,
    *,
    cid: str = "",
    record: str = "",
    ref: str = "",
    stage: AuditEntry.Stage = AuditEntry.Stage.WHOLE,
) -> AuditEntry:
    """An entry about an account, or about a blob (`cid`) or a record (`collection/rkey`) of it."""
    return record_at_host(
        actor,
        account.host,
        action,
        reason,
        account.handle or "",
        did=account.did,
        cid=cid,
        record=record,
        ref=ref,
        stage=stage,
    )


def record_at_host(  # noqa: PLR0913 - an entry has that many columns
    actor: Actor,
    host: Host,
    action: AuditEntry.Action,
    reason: str,
    handle: str = "",
    *,
    did: str = "",
    cid: str = "",
    record: str = "",
    ref: str = "",
    stage: AuditEntry.Stage = AuditEntry.Stage.WHOLE,
) -> AuditEntry:
    """An entry about the host itself, about somebody who has no account (yet, or any more), or
    about bytes. Raises ActionLimitReached."""
    with _within_limits(actor, host, action, stage):
        entry = AuditEntry(
            host=host,
            **_by(actor),
            action=action,
            stage=stage,
            subject_did=did,
            subject_handle=handle,
            subject_cid=cid,
            subject_record=record,
            ref=ref[:300],
            reason=reason[:REASON_MAX_CHARS],
        )
        return model_rows.insert(entry)


@contextmanager
def outside_of_a_transaction(
    actor: Actor, account: Account, action: AuditEntry.Action, reason: str
) -> Iterator[None]:
    """Around an action that asks the network, and so leaves every transaction: the entry that it
    was begun is there before it, and how it ended after it, whatever it raises."""
    record(actor, account, action, reason, stage=AuditEntry.Stage.BEGUN)
    outcome = AuditEntry.Stage.FAILED
    try:
        yield
        outcome = AuditEntry.Stage.DONE
    finally:
        record(actor, account, action, reason, stage=outcome)


@contextmanager
def _within_limits(
    actor: Actor, host: Host, action: str, stage: AuditEntry.Stage
) -> Iterator[None]:
    """Raises ActionLimitReached before an action of staff that is one more than their tenant
    allows; how one ended is written down in any case."""
    is_end = stage in (AuditEntry.Stage.DONE, AuditEntry.Stage.FAILED)
    if is_end or not isinstance(actor, StaffUser) or action not in action_limits.LIMITED:
        yield
        return
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        action_limits.check(actor, host, action)
        yield


def _by(actor: Actor) -> dict[str, StaffUser | str | None]:
    if isinstance(actor, StaffUser):
        return {"staff": actor, "actor": ""}
    return {"staff": None, "actor": actor}
