"""The table of actions that cases offer: names, deeds, letters on the keyboard, and verbs, most of
them rows of moderation.enforcement.actions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hosting.models import StaffUser
from moderation.desk import moves
from moderation.desk.subjects.facts import Facts
from moderation.enforcement import actions as enforcement
from moderation.enforcement import appeals
from moderation.enforcement.actions import ActionInput
from moderation.enforcement.subject_status import SubjectNotFound
from moderation.labels import changes
from moderation.models import Case, Decision, Policy
from moderation.permissions import Deed
from protocol.errors import InvalidRequest

Resolution = Case.Resolution
DAYS_MAX: Final = 3_650


class NoLabeler(InvalidRequest):
    """400: the tenant has no labeler."""

    message = "This tenant has no labeler"
    page_text = _("Your tenant has no labeler yet.")


class UnknownAction(InvalidRequest):
    """400: no action of the table, or none that this case offers."""

    message = "This case does not offer the action"
    page_text = _("This case does not offer the action.")


@dataclass(frozen=True)
class Given:
    """What was filled in. `words` are for the account's owner, `reason` for the log."""

    reason: str
    label: str = ""
    policy: int | None = None
    days: int | None = None
    words: str = ""
    is_told: bool = False
    keeps_open: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Given":
        """From a form, or from a bulk action's row."""
        return cls(
            reason=str(given.get("reason") or ""),
            label=str(given.get("label") or ""),
            policy=given.get("policy"),
            days=given.get("days"),
            words=str(given.get("words") or ""),
            is_told=bool(given.get("is_told")),
            keeps_open=bool(given.get("keeps_open")),
        )


Verb = Callable[[StaffUser, Facts, Given], None]


@dataclass(frozen=True)
class CaseAction:
    """One thing that can be done about a case. `closes` is how it closes the case, unless it is to
    stay open; `key` is its letter on the keyboard; `fields` are those of Given that it wants beside
    the reason."""

    name: str
    title: str | Promise
    effect: str | Promise
    deed: Deed
    is_offered: Callable[[Facts], bool]
    does: Verb | None = None
    closes: Case.Resolution | None = None
    key: str = ""
    is_grave: bool = False
    fields: tuple[str, ...] = ()
    asks_network: bool = False


def _perform(name: str, staff: StaffUser, known: Facts, given: Given) -> None:
    if known.account is None:
        raise SubjectNotFound
    enforcement.perform(name, staff, known.account, _asked(name, known, given))


def _undo(name: str, staff: StaffUser, known: Facts, given: Given) -> None:
    if known.account is None:
        raise SubjectNotFound
    enforcement.undo(name, staff, known.account, _asked(name, known, given))


def _asked(name: str, known: Facts, given: Given) -> ActionInput:
    """Raises UnknownAction for a policy that is not the tenant's."""
    until = timezone.now() + timedelta(days=min(given.days, DAYS_MAX)) if given.days else None
    policy = None
    if given.policy is not None:
        rows = Policy.objects.filter(tenant=known.case.host.tenant_id, retired_at__isnull=True)
        policy = rows.filter(pk=given.policy).first()
        if policy is None:
            raise UnknownAction
    is_told = given.is_told or name == "warn"
    record = known.case.path if name == "take_down_record" else ""
    return ActionInput(given.reason, policy, until, given.words, record, is_told=is_told)


def _label(staff: StaffUser, known: Facts, given: Given) -> None:
    if known.labeler is None:
        raise NoLabeler
    changes.put(known.labeler, known.case.subject, given.label, actor=staff, reason=given.reason)


def _negate(staff: StaffUser, known: Facts, given: Given) -> None:
    if known.labeler is None:
        raise NoLabeler
    changes.negate(known.labeler, known.case.subject, given.label, actor=staff, reason=given.reason)


def _decide_appeal(outcome: Decision.Outcome, staff: StaffUser, known: Facts, given: Given) -> None:
    if known.appealed is None:
        raise UnknownAction
    appeals.decide(staff, known.appealed, outcome, given.reason, given.words)


def _escalate(staff: StaffUser, known: Facts, given: Given) -> None:
    moves.escalate(staff, known.case, given.reason)


def _of_enforcement(
    name: str,
    is_offered: Callable[[Facts], bool],
    key: str = "",
    fields: tuple[str, ...] = ("policy", "is_told", "words"),
) -> CaseAction:
    """An action of moderation.enforcement, in its words."""
    found = enforcement.ACTIONS[name]
    return CaseAction(
        name,
        found.label,
        found.consequence,
        found.deed,
        is_offered,
        partial(_perform, name),
        Resolution.ACTIONED,
        key,
        is_grave=True,
        fields=fields,
        asks_network=found.asks_network,
    )


def _end_of(name: str, undo: str, is_offered: Callable[[Facts], bool]) -> CaseAction:
    """The way back of an action of moderation.enforcement."""
    found = enforcement.ACTIONS[name]
    effect = _("What was done to the subject is taken back.")
    verb, closes = partial(_undo, name), Resolution.ACTIONED
    return CaseAction(undo, found.undo_label, effect, found.deed, is_offered, verb, closes, "r")


def _is_here(known: Facts) -> bool:
    return known.account is not None


def _is_active(known: Facts) -> bool:
    return known.account is not None and not known.is_down


_ALL: Final = (
    _of_enforcement(
        "take_down_record", lambda known: known.has_record and not known.is_record_down, "t"
    ),
    _of_enforcement("take_down", _is_active, "T"),
    _of_enforcement("suspend", _is_active, "s", ("days", "policy", "is_told", "words")),
    _of_enforcement("warn", _is_here, "w", ("words", "policy")),
    _of_enforcement("strike", _is_here, "x"),
    _of_enforcement("block_uploads", _is_here),
    _of_enforcement("force_password_reset", _is_here),
    _of_enforcement("remove_handle", _is_active),
    _end_of("take_down_record", "restore_record", lambda known: known.is_record_down),
    _end_of("take_down", "restore", lambda known: known.is_down),
    _end_of("suspend", "lift_suspension", lambda known: known.is_suspended and not known.is_down),
    CaseAction(
        "grant_appeal",
        _("Grant the appeal"),
        _("The decision is taken back where that can be done, and the account holder is told."),
        Deed.APPEALS_DECIDE,
        lambda known: known.appealed is not None,
        partial(_decide_appeal, Decision.Outcome.REVERSED),
        Resolution.ACTIONED,
        "g",
        fields=("words",),
    ),
    CaseAction(
        "uphold",
        _("Let the decision stand"),
        _("The appeal is refused, and the account holder is told."),
        Deed.APPEALS_DECIDE,
        lambda known: known.appealed is not None,
        partial(_decide_appeal, Decision.Outcome.UPHELD),
        Resolution.DISMISSED,
        "u",
        fields=("words",),
    ),
    CaseAction(
        "label",
        _("Label"),
        _("Your labeler says so to whoever subscribes to it. The case stays open."),
        Deed.LABELS_PUT,
        lambda known: known.labeler is not None,
        _label,
        key="l",
        fields=("label",),
    ),
    CaseAction(
        "negate",
        _("Take a label back"),
        _("Your labeler says that the label does not hold any more."),
        Deed.LABELS_NEGATE,
        lambda known: known.labeler is not None,
        _negate,
        fields=("label",),
    ),
    CaseAction(
        "escalate",
        _("Escalate"),
        _("Somebody with more say decides. The reason is a note for them."),
        Deed.CASES_ASSIGN,
        lambda known: known.case.state != Case.State.ESCALATED,
        _escalate,
        key="e",
    ),
    CaseAction(
        "dismiss",
        _("Dismiss"),
        _("Closes the case and all of its reports. Nothing happens to what was reported."),
        Deed.CASES_CLOSE,
        lambda _known: True,
        closes=Resolution.DISMISSED,
        key="d",
    ),
    CaseAction(
        "duplicate",
        _("Close as duplicate"),
        _("Closes the case: another one is about the same."),
        Deed.CASES_CLOSE,
        lambda _known: True,
        closes=Resolution.DUPLICATE,
    ),
)
TABLE: Final[Mapping[str, CaseAction]] = {each.name: each for each in _ALL}


def named(name: str) -> CaseAction:
    """An action of the table. Raises UnknownAction."""
    if name not in TABLE:
        raise UnknownAction
    return TABLE[name]
