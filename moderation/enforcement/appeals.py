"""Appeals against decisions, decided by somebody else than the one who decided first.

An appeal is written down at its decision and filed for the staff as createReport would file it
(`accounts.signals.appeal_made`), from where it joins a case. Whoever grants it takes the action
back where that can be done. The outcome is told by mail and on the page.
"""

from dataclasses import replace
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.models import Account
from accounts.signals import appeal_made
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.enforcement import actions, notices, strikes
from moderation.enforcement.actions import ActionInput
from moderation.models import AuditEntry, Decision
from moderation.permissions import Deed, NotAllowed
from protocol import cid
from protocol.errors import InvalidRequest

TEXT_MAX_CHARS: Final = 2_000
Outcome = Decision.Outcome


class CannotAppeal(InvalidRequest):
    """400: the decision was appealed already, its time is over, or it was taken back."""

    message = "This decision cannot be appealed"
    page_text = _("This decision cannot be appealed any more.")


class NothingToDecide(InvalidRequest):
    """400: nobody appealed, or somebody was faster."""

    message = "There is no open appeal"
    page_text = _("There is no open appeal any more.")


class SomebodyElseDecides(NotAllowed):
    """403: whoever took the decision does not decide on its appeal."""

    message = "Somebody else has to decide on this appeal"
    page_text = _("You took this decision. Somebody else has to decide on the appeal.")


def may_appeal(decision: Decision) -> bool:
    """Whether its owner may appeal it at present."""
    return (
        decision.told_at is not None
        and decision.appealed_at is None
        and decision.undone_at is None
        and timezone.now() <= decision.appeal_until
    )


def appeal(account: Account, decision: Decision, text: str) -> None:
    """Appeal a decision about one's account, once. Raises CannotAppeal."""
    with transaction.atomic():
        locked = _locked(decision)
        is_own = (locked.host_id, locked.did) == (account.host_id, account.did)
        if not is_own or not may_appeal(locked):
            raise CannotAppeal
        locked.appealed_at, locked.appeal = timezone.now(), text[:TEXT_MAX_CHARS]
        locked.save(update_fields=["appealed_at", "appeal"])
        appeal_made.send(sender=Account, account=account, text=locked.appeal)


def may_decide(actor: Actor, decision: Decision) -> bool:
    """Whether this actor is somebody else than the one who took the decision."""
    entry = decision.entry
    return actor not in (entry.staff, entry.actor or None)


def decide(
    actor: Actor, decision: Decision, outcome: Outcome, reason: str, words: str = ""
) -> AuditEntry:
    """Let a decision stand, or take it back. `words` are for the account's owner.

    Raises NotAllowed, ReasonNeeded, SomebodyElseDecides, NothingToDecide, AccountNotFound.
    """
    account = _account_of(decision)
    tenant_id = decision.host.tenant_id
    reason = permissions.checked(actor, Deed.APPEALS_DECIDE, tenant_id, reason)
    if not may_decide(actor, decision):
        raise SomebodyElseDecides
    with transaction.atomic():
        locked = _locked(decision)
        if locked.appealed_at is None or locked.outcome:
            raise NothingToDecide
        if outcome == Outcome.REVERSED:
            _take_back(actor, account, locked, reason)
        granted = outcome == Outcome.REVERSED
        action = AuditEntry.Action.APPEAL_GRANT if granted else AuditEntry.Action.APPEAL_UPHOLD
        entry = audit.record(actor, account, action, reason, ref=str(locked.entry_id))
        locked.outcome, locked.outcome_words = outcome, words.strip()
        locked.outcome_entry = entry
        locked.save(update_fields=["outcome", "outcome_words", "outcome_entry"])
        notices.tell_outcome(locked, account)
    return entry


def _take_back(actor: Actor, account: Account, decision: Decision, reason: str) -> None:
    """Undo the decision's action where that can be done, and its strikes."""
    strikes.take_back_of(decision.entry)
    asked = ActionInput(reason, record=decision.record)
    if decision.cid:
        asked = replace(asked, blob=cid.from_text(decision.cid))
    if decision.undone_at is None and decision.action != "strike":
        action = actions.ACTIONS.get(decision.action)
        if action is not None and action.undo is not None:
            actions.undo(decision.action, actor, account, asked)
    Decision.objects.filter(pk=decision.pk, undone_at__isnull=True).update(undone_at=timezone.now())


def _locked(decision: Decision) -> Decision:
    rows = Decision.objects.select_related("entry__staff", "policy", "host__tenant")
    return rows.select_for_update(of=("self",)).get(pk=decision.pk)


def _account_of(decision: Decision) -> Account:
    accounts = Account.objects.of(decision.host).open().select_related("host__tenant")
    account = accounts.filter(did=decision.did).first()
    if account is None:
        raise status.AccountNotFound
    return account
