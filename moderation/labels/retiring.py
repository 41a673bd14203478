"""Retires a labeler: the steps of setting it up, turned round.

First the declaration goes, so that nobody new subscribes, and nothing is labelled any more. Then
each label that still holds is taken back, a batch at a time by a worker, since readers keep what
nobody takes back. Only then is the labeler taken out of its identity, by which readers find the
stream that tells them. What labels took down here stays down: staff decide on it one by one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.identity.plc import host_operations, owner_operations, updates
from accounts.models import Account
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.labels import declarations, labelers, setting_up, statements
from moderation.labels.signing import Statement
from moderation.models import AuditEntry, Label, Labeler, LabelQuerySet
from moderation.models.labels import AT_WORK
from moderation.permissions import Deed
from protocol.did.plc_data import PlcData
from protocol.errors import InvalidRequest
from repos.commits import group_commit, writes
from repos.reads import repos
from server.jobs import round_robin

State, Action = Labeler.State, AuditEntry.Action
_BATCH: Final = 500
_SECONDS_MAX: Final = 30.0  # of a worker at a time; the next run goes on


class LabelsHold(InvalidRequest):
    """400: the labels are taken back first, or the labeler is not being retired at all."""

    message = "A labeler leaves its identity after all of its labels were taken back"
    page_text = _("Not all labels are taken back yet. Please try again in a moment.")


def withdraw(actor: Actor, labeler: Labeler, reason: str) -> None:
    """Take the declaration out of the account's repository; from now on nothing is labelled, and a
    worker takes back what holds. Raises NotAllowed, ReasonNeeded, LabelerRetired."""
    reason = permissions.checked(actor, Deed.LABELER_SET_UP, labeler.tenant_id, reason)
    setting_up.check_at_work(labeler)
    account = labeler.account
    if account is not None and account.status == Account.Status.ACTIVE:
        repo = repos.find_repo(account.host, account.did)
        discarded = writes.discard(declarations.COLLECTION, declarations.RKEY)
        group_commit.apply_writes(repo, [discarded])
    with transaction.atomic():
        if not labelers.move(labeler, State.WITHDRAWN, since=AT_WORK, next_did_key=""):
            raise setting_up.LabelerRetired
        audit.record_at_host(actor, labeler.host, Action.LABELER_RETIRE, reason, did=labeler.did)


def standing(labeler: Labeler) -> LabelQuerySet:
    """The labels that hold, or would without their end."""
    return Label.objects.of(labeler).current().filter(is_negation=False)


def take_back_labels() -> None:
    """The sweep: labels of labelers that are being retired, a batch of each in turn, for some
    seconds. Safe to repeat and to run twice at once."""
    withdrawn = Labeler.objects.filter(state=State.WITHDRAWN)
    round_robin.run([_take_back(each) for each in withdrawn], _SECONDS_MAX)


def take_back_labels_of(labeler: Labeler) -> None:
    """Those of one that is being retired, for as long; the sweep goes on."""
    round_robin.run([_take_back(labeler)], _SECONDS_MAX)


def leave_identity(actor: Actor, labeler: Labeler, code: str = "") -> bool:
    """Take the labeler out of its identity, and stop answering for it. False: the directory has not
    confirmed it yet; it goes on by itself, and the next call finds it.

    `code` as for `setting_up.publish`. Call it outside of any transaction. Raises NotAllowed,
    LabelsHold, and what `host_operations.publish` does.
    """
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    if labeler.state != State.WITHDRAWN or standing(labeler).exists():
        raise LabelsHold
    account = labeler.account  # None: deleted, and its identity is its owner's affair
    if account is not None and not _has_left(actor, labeler, account, code):
        return False
    if not labelers.move(labeler, State.RETIRED, since=[State.WITHDRAWN]):
        raise LabelsHold  # begun anew meanwhile
    return True


def resume(actor: Actor, labeler: Labeler, reason: str) -> None:
    """Begin anew with the same account: the steps of setting it up follow. Raises NotAllowed,
    ReasonNeeded."""
    reason = permissions.checked(actor, Deed.LABELER_SET_UP, labeler.tenant_id, reason)
    with transaction.atomic():
        if not labelers.move(labeler, State.SERVING, since=[State.WITHDRAWN, State.RETIRED]):
            return
        audit.record_at_host(actor, labeler.host, Action.LABELER_OPEN, reason, did=labeler.did)


def _has_left(actor: Actor, labeler: Labeler, account: Account, code: str) -> bool:
    """Whether its identity names the labeler no longer."""
    changed = _without_labeler(account)
    _newest, data = updates.newest(account)
    if changed(data) == data:
        return True
    if labeler.is_opened_here:
        code = owner_operations.code_for_password(account)
    with audit.outside_of_a_transaction(actor, account, Action.LABELER_RETIRE, labeler.did):
        return host_operations.publish(account, code, changed)


def _without_labeler(account: Account) -> Callable[[PlcData], PlcData]:
    """What the identity says without the labeler, unless that is another host's by now."""

    def changed(data: PlcData) -> PlcData:
        service = data.services.get(setting_up.SERVICE)
        if service is None or service.endpoint != account.host.origin:
            return data
        services = {name: each for name, each in data.services.items() if each != service}
        methods = dict(data.verification_methods)
        methods.pop(setting_up.METHOD, None)
        return replace(data, verification_methods=methods, services=services)

    return changed


def _take_back(labeler: Labeler) -> Iterator[None]:
    """Say of each label that it holds no more; a step is a batch."""
    last = 0
    while rows := list(standing(labeler).filter(pk__gt=last).order_by("pk")[:_BATCH]):
        statements.say(labeler, [_taken_back(labeler, row) for row in rows])
        last = rows[-1].pk
        yield


def _taken_back(labeler: Labeler, label: Label) -> Statement:
    now = datetime.now(UTC)
    return Statement(labeler.did, label.uri, label.val, now, cid=label.cid, is_negation=True)
