"""Actions of moderation as one declared table, and the one way to perform each.

`perform(name, actor, account, asked)` checks what the action needs, acts, writes the decision down
with its strikes, and tells the account's owner when that was asked for: one transaction, but for
what must ask the directory. `undo` takes an action back where it can be. Consoles offer what stands
in ACTIONS; what an action does is in the verbs beside this module.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from moderation import permissions
from moderation.audit import Actor
from moderation.enforcement import (
    measures,
    notices,
    sign_up_blocks,
    strikes,
    suspensions,
    takedowns,
)
from moderation.models import AuditEntry, Decision, Policy
from moderation.permissions import Deed
from protocol import cid
from protocol.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class ActionInput:
    """What an action is asked with. `words` are for the account's owner, `reason` for the log."""

    reason: str
    policy: Policy | None = None
    until: datetime | None = None
    words: str = ""
    record: str = ""  # collection/rkey
    blob: bytes = b""  # a CID
    network: str = ""  # CIDR
    is_told: bool = False
    ref: str = ""  # the moderation service's own mark


Verb = Callable[[Actor, Account, ActionInput], AuditEntry]


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table. `deed`: who may. `needs`: fields of ActionInput without which it is
    refused. `asks_network`: it leaves every transaction."""

    deed: Deed
    label: str | Promise
    consequence: str | Promise
    do: Verb
    undo: Verb | None = None
    undo_label: str | Promise = ""
    needs: tuple[str, ...] = ()
    asks_network: bool = False
    is_of_owner: bool = True  # whether its owner can be told, and appeal


@dataclass(frozen=True, slots=True)
class Offered:
    """Actions by name: those to perform, and those that the account is under and that can be taken
    back."""

    to_perform: Mapping[str, Action]
    to_undo: Mapping[str, Action]


class UnfitAction(InvalidRequest):
    """400: no such action, or it lacks something."""

    message = "There is no such action, or something that it needs is missing"
    page_text = _("Something that this action needs is missing.")


class CannotBeUndone(InvalidRequest):
    """400: this action has no way back."""

    message = "This action cannot be undone"
    page_text = _("This action cannot be undone.")


ACTIONS: Final[Mapping[str, Action]] = {
    "take_down": Action(
        Deed.TAKE_DOWN,
        _("Take the account down"),
        _("Ends every session and hides the account from everybody. Nothing is deleted."),
        lambda actor, account, asked: takedowns.take_down(actor, account, asked.reason, asked.ref),
        lambda actor, account, asked: takedowns.restore(actor, account, asked.reason),
        _("Restore the account"),
    ),
    "take_down_record": Action(
        Deed.TAKE_DOWN,
        _("Take a record down"),
        _("Hides it from readers here. The repository's CAR file and the firehose still carry it."),
        lambda actor, account, asked: takedowns.take_down_record(
            actor, account, asked.record, asked.reason, asked.ref
        ),
        lambda actor, account, asked: takedowns.restore_record(
            actor, account, asked.record, asked.reason
        ),
        _("Restore the record"),
        needs=("record",),
    ),
    "take_down_blob": Action(
        Deed.TAKE_DOWN,
        _("Take a file down"),
        _("Nobody can fetch it or upload it again. Copies at other services stay."),
        lambda actor, account, asked: takedowns.take_down_blob(
            actor, account, asked.blob, asked.reason, asked.ref
        ),
        lambda actor, account, asked: takedowns.restore_blob(
            actor, account, asked.blob, asked.reason
        ),
        _("Restore the file"),
        needs=("blob",),
    ),
    "suspend": Action(
        Deed.SUSPEND,
        _("Suspend the account"),
        _("Hides the account and stops it from posting until a day; then it is back by itself."),
        lambda actor, account, asked: suspensions.suspend(
            actor, account, asked.reason, asked.until or timezone.now()
        ),
        lambda actor, account, asked: suspensions.lift(actor, account, asked.reason),
        _("Lift the suspension"),
        needs=("until",),
    ),
    "warn": Action(
        Deed.WARN,
        _("Warn by mail"),
        _("Sends your words to the account holder. Nothing else changes."),
        lambda actor, account, asked: measures.warn(actor, account, asked.reason),
        needs=("words", "is_told"),
    ),
    "remove_handle": Action(
        Deed.HANDLE_REMOVE,
        _("Remove the handle"),
        _("Gives the account a handle that says nothing. Its owner may choose another one."),
        lambda actor, account, asked: measures.remove_handle(actor, account, asked.reason),
        asks_network=True,
    ),
    "block_uploads": Action(
        Deed.UPLOADS_BLOCK,
        _("Block uploads"),
        _("The account can post, but upload no files."),
        lambda actor, account, asked: measures.block_uploads(actor, account, asked.reason),
        lambda actor, account, asked: measures.allow_uploads(actor, account, asked.reason),
        _("Allow uploads"),
    ),
    "force_password_reset": Action(
        Deed.RESET_FORCE,
        _("Force a new password"),
        _("Ends every session and app password. The owner sets a new one by e-mail."),
        lambda actor, account, asked: measures.end_password(actor, account, asked.reason),
    ),
    "strike": Action(
        Deed.STRIKE,
        _("Give a strike"),
        _("Counts against the account until it expires. So many suspend it, as the policy says."),
        lambda actor, account, asked: strikes.give(actor, account, asked.reason, asked.policy),
        lambda actor, account, asked: strikes.take_back(actor, account, asked.reason),
        _("Take back all strikes"),
    ),
    "block_sign_ups": Action(
        Deed.RANGE_BLOCK,
        _("Block sign-ups of a network"),
        _("Nobody signs up at this host from there. Existing accounts notice nothing."),
        lambda actor, account, asked: sign_up_blocks.block(
            actor, account.host, asked.network, asked.reason, asked.until
        ),
        lambda actor, account, asked: sign_up_blocks.unblock(
            actor, account.host, asked.network, asked.reason
        ),
        _("Allow sign-ups of the network"),
        needs=("network",),
        is_of_owner=False,
    ),
}


_SUBJECTS: Final = frozenset({"record", "blob", "network"})  # what its way back needs as well


def perform(name: str, actor: Actor, account: Account, asked: ActionInput) -> Decision:
    """Act on an account, or a record or blob of it; the decision that stands for it from now on.

    Call it outside of any transaction for an action that asks the network. Raises UnfitAction,
    NotAllowed, ReasonNeeded, and what the action's own verb raises.
    """
    action = _action(name, account, asked)
    handle = account.handle or account.did
    entry = action.do(actor, account, asked) if action.asks_network else None
    with transaction.atomic():
        entry = entry or action.do(actor, account, asked)
        decision = _written(name, account, asked, entry)
        _count(name, actor, account, asked, entry)
        if asked.is_told and action.is_of_owner:
            account.refresh_from_db()
            notices.tell(decision, account, handle)
    return decision


def undo(name: str, actor: Actor, account: Account, asked: ActionInput) -> AuditEntry:
    """Take an action back, and mark the decisions that it undoes. Raises CannotBeUndone,
    UnfitAction, NotAllowed, ReasonNeeded."""
    action = ACTIONS.get(name)
    if action is None or action.undo is None:
        raise CannotBeUndone
    if not all(getattr(asked, field) for field in _SUBJECTS.intersection(action.needs)):
        raise UnfitAction
    with transaction.atomic():
        entry = action.undo(actor, account, asked)
        open_ones = Decision.objects.of(account.host, account.did).filter(undone_at__isnull=True)
        about = {"record": asked.record, "cid": cid.to_text(asked.blob) if asked.blob else ""}
        open_ones.filter(action=name, **about).update(undone_at=timezone.now())
    return entry


def offered(deeds: frozenset[Deed], account: Account) -> Offered:
    """What a page of an account offers who may do these; for a record or a blob: `offered_on`."""
    in_force = {
        "take_down": account.taken_down_at is not None,
        "suspend": account.suspended_at is not None,
        "block_uploads": account.uploads_blocked_at is not None,
        "strike": strikes.open_points(account) > 0,
    }
    mine = {name: row for name, row in ACTIONS.items() if row.deed in deeds}
    return Offered(
        {name: row for name, row in mine.items() if not {"record", "blob"} & set(row.needs)},
        {name: row for name, row in mine.items() if in_force.get(name)},
    )


def offered_on(need: str, deeds: frozenset[Deed]) -> dict[str, Action]:
    """The actions on a `record` or a `blob` for who may do these."""
    return {name: row for name, row in ACTIONS.items() if need in row.needs and row.deed in deeds}


def _action(name: str, account: Account, asked: ActionInput) -> Action:
    action = ACTIONS.get(name)
    if action is None or not all(getattr(asked, field) for field in action.needs):
        raise UnfitAction
    if asked.policy is not None and asked.policy.tenant_id != account.host.tenant_id:
        raise UnfitAction
    if len(asked.words) > notices.WORDS_MAX_CHARS:
        raise UnfitAction
    return action


def _written(name: str, account: Account, asked: ActionInput, entry: AuditEntry) -> Decision:
    return Decision.objects.create(
        host=account.host,
        did=account.did,
        action=name,
        entry=entry,
        policy=asked.policy,
        rule=asked.policy.public_text if asked.policy else "",
        words=asked.words.strip(),
        record=asked.record,
        cid=cid.to_text(asked.blob) if asked.blob else "",
        until=asked.until,
        appeal_until=timezone.now() + notices.APPEAL_WITHIN,
    )


def _count(
    name: str, actor: Actor, account: Account, asked: ActionInput, entry: AuditEntry
) -> None:
    """The strikes of the decision's policy, if the actor may give any, and what they lead to."""
    if asked.policy is None or not ACTIONS[name].is_of_owner:
        return
    if not permissions.may(actor, Deed.STRIKE, account.host.tenant_id):
        return
    if name == "strike":  # the verb has counted
        points = strikes.open_points(account)
    else:
        points = strikes.count(entry, account, asked.policy)
    strikes.suspend_if_due(account, asked.policy, points)
