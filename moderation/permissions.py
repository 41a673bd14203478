"""Permissions: one table says which role of staff may do which deed; what it lacks, nobody may.

Verbs ask `require` or `checked` with their deed, pages ask `may` for what they show, and the
console asks before it opens a page (moderation/console/page_deeds.py). An actor who is no member of
staff (`admin`, a moderation service) was checked at the edge and may do what its methods offer.
"""

from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_lazy as _

from hosting.models import PLATFORM, Member, StaffUser
from moderation.audit import Actor
from protocol.errors import XrpcError

Role = Member.Role


class Deed(StrEnum):
    """What staff may want to do: `<matter>.<verb>`."""

    CONSOLE_ENTER = "console.enter"  # the first page, and one's own password, factors and sessions

    ACCOUNTS_LOOK = "accounts.look"
    FACTORS_RESET = "accounts.reset_factors"
    MOVES_LOOK = "moves.look"
    MOVES_RESUME = "moves.resume"
    MAIL_LOOK = "mail.look"

    CASES_LOOK = "cases.look"
    CASES_ASSIGN = "cases.assign"  # also: take the next one, escalate
    CASES_NOTE = "cases.note"
    CASES_CLOSE = "cases.close"  # dismiss, mark as duplicate, open again
    CASES_BULK = "cases.bulk"
    APPEALS_DECIDE = "cases.decide_appeals"
    EVIDENCE_LOOK = "evidence.look"
    EVIDENCE_DISCARD = "evidence.discard"
    EVIDENCE_EXPORT = "evidence.export"

    LABELS_PUT = "labels.put"
    LABELS_NEGATE = "labels.negate"
    LABELER_SET_UP = "labels.set_up"

    TAKE_DOWN = "enforcement.take_down"  # an account, a record, a blob; and its end
    SUSPEND = "enforcement.suspend"
    WARN = "enforcement.warn"
    STRIKE = "enforcement.strike"
    HANDLE_REMOVE = "enforcement.remove_handle"
    UPLOADS_BLOCK = "enforcement.block_uploads"
    RESET_FORCE = "enforcement.force_reset"
    RANGE_BLOCK = "enforcement.block_range"
    DENY_LIST = "enforcement.deny_list"
    HOLD = "enforcement.hold"
    HOLD_RELEASE = "enforcement.release_hold"
    POLICIES_CHANGE = "enforcement.change_policies"
    NOTICES_CHANGE = "enforcement.change_notices"
    ABUSE_NOTICES = "enforcement.abuse_notices"  # read and acknowledged
    TRANSPARENCY = "enforcement.transparency"

    SIGN_UPS_LOOK = "sign_ups.look"
    SIGN_UPS_DECIDE = "sign_ups.decide"
    SIGN_UPS_POLICY = "sign_ups.policy"
    INVITES_LOOK = "invites.look"
    INVITES_GIVE = "invites.give"  # also: read codes that are still good

    APPS_LOOK = "apps.look"
    APPS_REVOKE = "apps.revoke"
    APPS_BLOCK = "apps.block"
    APPS_TRUST = "apps.trust"

    SETTINGS_LOOK = "settings.look"
    SETTINGS_CHANGE = "settings.change"
    STAFF_LOOK = "staff.look"
    STAFF_MANAGE = "staff.manage"
    AUDIT_LOOK = "audit.look"
    AUDIT_EXPORT = "audit.export"
    BREAK_GLASS = "platform.break_glass"
    TENANTS_RUN = "platform.tenants"  # all of them: made, looked at, set
    RELAY_RUN = "platform.relay"  # its hosts: looked at, allowed more, banned
    OVERVIEW_LOOK = "overview.look"  # figures of the tenant, of nobody in particular
    WEBHOOKS_RUN = "webhooks.run"  # also: what they were told, which names people
    PEOPLE_EXPORT = "accounts.export"  # the list of everybody with addresses


_OWNER: Final = frozenset({Role.OWNER})
_ACTING: Final = _OWNER | {Role.MODERATOR}
_SORTING: Final = _ACTING | {Role.TRIAGE}
_HELPING: Final = _ACTING | {Role.SUPPORT}
_EVERYBODY: Final = frozenset(Role)
_RUNNING: Final = _OWNER | {PLATFORM}  # what the provider sees to without looking at people's data

TABLE: Final[dict[Deed, frozenset[str]]] = {
    Deed.CONSOLE_ENTER: _EVERYBODY | {PLATFORM},
    Deed.ACCOUNTS_LOOK: _EVERYBODY,
    Deed.FACTORS_RESET: _HELPING,
    Deed.MOVES_LOOK: _EVERYBODY,
    Deed.MOVES_RESUME: _HELPING,
    Deed.MAIL_LOOK: _EVERYBODY,
    Deed.CASES_LOOK: _EVERYBODY,
    Deed.CASES_ASSIGN: _SORTING,
    Deed.CASES_NOTE: _SORTING | {Role.SUPPORT},
    Deed.CASES_CLOSE: _SORTING,
    Deed.CASES_BULK: _ACTING,
    Deed.APPEALS_DECIDE: _ACTING,
    Deed.EVIDENCE_LOOK: _SORTING,
    Deed.EVIDENCE_DISCARD: _OWNER,
    Deed.EVIDENCE_EXPORT: _OWNER,
    Deed.LABELS_PUT: _SORTING,
    Deed.LABELS_NEGATE: _SORTING,
    Deed.LABELER_SET_UP: _OWNER,
    Deed.TAKE_DOWN: _ACTING,
    Deed.SUSPEND: _ACTING,
    Deed.WARN: _SORTING,
    Deed.STRIKE: _ACTING,
    Deed.HANDLE_REMOVE: _ACTING,
    Deed.UPLOADS_BLOCK: _ACTING,
    Deed.RESET_FORCE: _HELPING,
    Deed.RANGE_BLOCK: _ACTING,
    Deed.DENY_LIST: _ACTING,
    Deed.HOLD: _ACTING,
    Deed.HOLD_RELEASE: _ACTING,
    Deed.POLICIES_CHANGE: _OWNER,
    Deed.NOTICES_CHANGE: _OWNER,
    Deed.ABUSE_NOTICES: _ACTING,
    Deed.TRANSPARENCY: _EVERYBODY | {PLATFORM},
    Deed.SIGN_UPS_LOOK: _EVERYBODY,
    Deed.SIGN_UPS_DECIDE: _HELPING,
    Deed.SIGN_UPS_POLICY: _RUNNING,
    Deed.INVITES_LOOK: _EVERYBODY,
    Deed.INVITES_GIVE: _HELPING,
    Deed.APPS_LOOK: _EVERYBODY,
    Deed.APPS_REVOKE: _HELPING,
    Deed.APPS_BLOCK: _ACTING,
    Deed.APPS_TRUST: _OWNER,
    Deed.SETTINGS_LOOK: _EVERYBODY | {PLATFORM},
    Deed.SETTINGS_CHANGE: _RUNNING,
    Deed.STAFF_LOOK: _EVERYBODY | {PLATFORM},
    Deed.STAFF_MANAGE: _RUNNING,
    Deed.AUDIT_LOOK: _EVERYBODY,
    Deed.AUDIT_EXPORT: _OWNER | {Role.AUDITOR},
    Deed.BREAK_GLASS: frozenset({PLATFORM}),
    Deed.TENANTS_RUN: frozenset({PLATFORM}),
    Deed.RELAY_RUN: frozenset({PLATFORM}),
    Deed.OVERVIEW_LOOK: _EVERYBODY | {PLATFORM},
    Deed.WEBHOOKS_RUN: _OWNER,
    Deed.PEOPLE_EXPORT: _OWNER,
}


class NotAllowed(XrpcError):
    """403: this member of staff may look, but not act."""

    name = "Forbidden"
    status = 403
    message = "Your role does not allow this."
    page_text = _("Your role does not allow this.")


class TakedownNotAllowed(NotAllowed):
    """403: takedowns, and the deny list, are for moderators and owners."""

    message = "Your role does not allow takedowns."
    page_text = _("Your role does not allow takedowns.")


class AdmissionNotAllowed(NotAllowed):
    """403: whom to let in is not for everybody."""

    message = "Your role does not allow decisions on sign-ups."
    page_text = _("Your role does not allow decisions on sign-ups.")


class AppDecisionNotAllowed(NotAllowed):
    """403: whom an app may serve is for roles of the tenant to say."""

    message = "Your role does not allow this decision on apps."
    page_text = _("Your role does not allow this decision on apps.")


class OnlyOwnersSetPolicy(NotAllowed):
    """403: a tenant's owner, or the provider, says who may sign up at all."""

    message = "Only an owner can change the sign-up policy."
    page_text = _("Only an owner can change the sign-up policy.")


class OnlyOwnersDiscard(NotAllowed):
    """403: a tenant's owner, or the provider, removes evidence before its time."""

    message = "Only an owner discards evidence."
    page_text = _("Only an owner discards evidence.")


class FactorResetNotAllowed(NotAllowed):
    """403: auditors look on, and triage sorts reports."""

    message = "Your role does not allow resetting second factors."
    page_text = _("Your role does not allow resetting second factors.")


# Refusals that say more than NotAllowed does.
_REFUSALS: Final[dict[Deed, type[NotAllowed]]] = {
    Deed.TAKE_DOWN: TakedownNotAllowed,
    Deed.DENY_LIST: TakedownNotAllowed,
    Deed.SIGN_UPS_DECIDE: AdmissionNotAllowed,
    Deed.INVITES_GIVE: AdmissionNotAllowed,
    Deed.SIGN_UPS_POLICY: OnlyOwnersSetPolicy,
    Deed.APPS_REVOKE: AppDecisionNotAllowed,
    Deed.APPS_BLOCK: AppDecisionNotAllowed,
    Deed.APPS_TRUST: AppDecisionNotAllowed,
    Deed.EVIDENCE_DISCARD: OnlyOwnersDiscard,
    Deed.FACTORS_RESET: FactorResetNotAllowed,
}


class ReasonNeeded(XrpcError):
    """400: an action without a reason is worth nothing in the log."""

    message = "Give a reason: it goes into the audit log."
    page_text = _("Give a reason: it goes into the audit log.")


def may(actor: Actor, deed: Deed, tenant_id: int) -> bool:
    """Whether the actor may do this at a tenant. One statement for staff, none for others."""
    return not isinstance(actor, StaffUser) or deed in deeds_of(actor, tenant_id)


def deeds_of(staff: StaffUser, tenant_id: int) -> frozenset[Deed]:
    """All that a member of staff may do at a tenant, for pages that ask several times."""
    roles = staff.roles_at(tenant_id)
    return frozenset(deed for deed, allowed in TABLE.items() if allowed & roles)


def require(actor: Actor, deed: Deed, tenant_id: int) -> None:
    """Raises NotAllowed, in the deed's own words."""
    if not may(actor, deed, tenant_id):
        raise refusal_of(deed)


def checked(actor: Actor, deed: Deed, tenant_id: int, reason: str) -> str:
    """The reason for a deed, without blanks around it. Raises NotAllowed, ReasonNeeded."""
    require(actor, deed, tenant_id)
    if not (stripped := reason.strip()):
        raise ReasonNeeded
    return stripped


def refusal_of(deed: Deed) -> type[NotAllowed]:
    """What somebody is told whose role does not allow it."""
    return _REFUSALS.get(deed, NotAllowed)
