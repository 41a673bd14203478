"""What labels do to subjects of ours: system labels that a tenant has chosen also take down.

Source: atproto.com/specs/label, "Label Values": `!takedown`, `!suspend`, `!hide`. Others read a
label and decide; a host that put one can do as it says. Taking the label back, or its end, restores
what the label took down, never what somebody took down by hand.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import Account
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.enforcement import takedowns
from moderation.labels.signing import Statement
from moderation.models import AuditEntry, Label, Labeler
from moderation.permissions import Deed
from protocol.errors import XrpcError
from repos.lifecycle import record_takedowns
from repos.reads import repos
from repos.reads.refusals import RepoNotFound

EXPIRED: Final = "the label expired"
_MARK: Final = "label "  # what a takedown's `ref` begins with
_LOOKED_BACK: Final = timedelta(days=30)
_BATCH: Final = 500
VALUES: Final = ("!takedown", "!suspend", "!hide")

logger = structlog.stdlib.get_logger(__name__)


def choose(actor: Actor, labeler: Labeler, values: Sequence[str]) -> None:
    """Say which of VALUES also take down; what was put before stays as it is. Raises NotAllowed."""
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    before, labeler.hides = labeler.hides, [value for value in VALUES if value in values]
    if labeler.hides == before:
        return
    with transaction.atomic():
        labeler.save(update_fields=["hides"])
        action, said = AuditEntry.Action.LABELER_SET_HIDING, ", ".join(labeler.hides) or "-"
        audit.record_at_host(actor, labeler.host, action, said, did=labeler.did)


def carry_out(actor: Actor, labeler: Labeler, statement: Statement, reason: str) -> None:
    """Do as a label says, or undo it, where the tenant has chosen that; in the caller's
    transaction. Raises what `takedowns` does."""
    wanted = VALUES if statement.is_negation else labeler.hides
    if statement.val not in wanted:
        return
    did, _, path = statement.uri.removeprefix("at://").partition("/")
    of_tenant = Account.objects.filter(host__tenant_id=labeler.tenant_id, did=did)
    for account in of_tenant.open().select_related("host__tenant"):
        if path:
            _on_record(actor, account, path, statement, reason)
        else:
            _on_account(actor, account, statement, reason)


def lift_expired() -> None:
    """The sweep: labels that are over show again what they took down. May be repeated; a month back
    is looked at, in case nothing swept for a while."""
    now = timezone.now()
    over = Label.objects.current().filter(
        val__in=VALUES, val__startswith="!", expires_at__lte=now, expires_at__gt=now - _LOOKED_BACK
    )
    mark = Concat(Value(_MARK), OuterRef("val"))
    down = Exists(Account.objects.filter(did=OuterRef("uri"), takedown_ref=mark))
    over = over.filter(down | Q(uri__startswith="at://"), is_negation=False).order_by("pk")
    last = 0
    while rows := over.filter(pk__gt=last).select_related("labeler__host")[:_BATCH]:
        for label in rows:
            _give_back(label)
            last = label.pk


def _give_back(label: Label) -> None:
    """One that is refused is for somebody to look at, and holds up no other."""
    try:
        with suppress(RepoNotFound):  # deleted meanwhile: nothing is to be shown again
            _take_back(label)
    except XrpcError as refusal:
        logger.warning("label still hides", key=label.pk, did=label.src, reason=str(refusal))


def _take_back(label: Label) -> None:
    with transaction.atomic():
        rows = Label.objects.select_for_update(no_key=True, of=("self",))
        if not rows.filter(pk=label.pk, is_current=True).exists():
            return  # said anew meanwhile
        over = Statement(label.src, label.uri, label.val, label.labelled_at, is_negation=True)
        carry_out(label.labeler.did, label.labeler, over, EXPIRED)


def _on_account(actor: Actor, account: Account, statement: Statement, reason: str) -> None:
    is_down = account.taken_down_at is not None
    if not statement.is_negation and not is_down:
        takedowns.take_down(actor, account, reason, ref=_mark(statement))
    elif statement.is_negation and is_down and account.takedown_ref == _mark(statement):
        takedowns.restore(actor, account, reason)


def _on_record(
    actor: Actor, account: Account, path: str, statement: Statement, reason: str
) -> None:
    collection, _, rkey = path.partition("/")
    repo = repos.find_repo(account.host, account.did)
    found = record_takedowns.state(repo, collection, rkey)
    if found is None:
        return
    if not statement.is_negation and found.ref is None:
        takedowns.take_down_record(actor, account, path, reason, ref=_mark(statement))
    elif statement.is_negation and found.ref == _mark(statement):
        takedowns.restore_record(actor, account, path, reason)


def _mark(statement: Statement) -> str:
    return f"{_MARK}{statement.val}"
